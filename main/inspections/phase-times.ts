/** Phases of an experiment in the order in which they come. */
export const phases = ['Start', 'Data', 'Train', 'Fit', 'Evaluate', 'Figures'] as const;
/** Milliseconds by phase. */
export type PhaseTimes = Partial<Record<(typeof phases)[number], number>>;
