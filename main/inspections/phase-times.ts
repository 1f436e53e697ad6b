/** Phases of an experiment in the order in which they come. */
export const phases = ['Start', 'Data', 'Train', 'Fit', 'Evaluate', 'Figures'] as const;
/** Milliseconds by phase. */
export type PhaseTimes = Partial<Record<(typeof phases)[number], number>>;

/** How long phases should take, and how long they may take. */
export interface MeasuredTimes {
  likely: PhaseTimes;
  most: PhaseTimes;
}

/** A machine that others use as well, or a phase that was measured on little, may take so much longer. */
const margin = 1.5;

/** Times of which no more is known than that they were measured on little. */
export function withMargin(likely: PhaseTimes): MeasuredTimes {
  const most = Object.entries(likely).map(([phase, ms]) => [phase, margin * ms]);
  return { likely, most: Object.fromEntries(most) as PhaseTimes };
}

/**
 * Returns the power of the number of samples with which a time grows, from two measurements: 0 if it does not grow, at
 * most 2, which no method here exceeds.
 */
export function growth(few: number, many: number, ratio: number): number {
  if (!(few > 0 && many > 0 && ratio > 1)) return 0;
  return Math.min(2, Math.max(0, Math.log(many / few) / Math.log(ratio)));
}
