/** How many runs can be compared at a time. */
export const mostCompared = 50;
