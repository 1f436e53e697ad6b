/** What the desktop program tells `npm start` once its window, or a reason why there is none, is seen. */
export const shownMessage = 'shown';
