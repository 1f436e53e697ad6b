/** The message of the desktop program to `npm start` when its window, or the reason for having none, is visible. */
export const shownMessage = 'shown';
