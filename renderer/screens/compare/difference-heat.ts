/** From which difference of AUROC on a step of heat begins; finer where detectors differ little. */
const edges = [0, 0.06, 0.12, 0.2, 0.3];
/** The steps of the tokens that these take: the last one is the whole ink. */
const steps = [1, 2, 3, 4, 6];

/** Returns the step of heat, 1 to 6, of a difference. */
export function differenceStep(difference: number): number {
  const size = Math.abs(difference);
  return steps[edges.filter((edge) => size >= edge).length - 1]!;
}
