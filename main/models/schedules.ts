/** Courses that the learning rate can take. */
export const schedules = ['constant', 'cosine'] as const;
export type Schedule = (typeof schedules)[number];
