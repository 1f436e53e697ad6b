/**
 * Returns p values corrected for their number by Holm's step-down method (Holm 1979), in the order given: among all
 * hypotheses of the family that are true, the chance of rejecting any is at most the level, whatever their dependence.
 * The family is what is passed, so pass every comparison that is shown together.
 */
export function holm(p: readonly number[]): number[] {
  const ascending = [...p.keys()].sort((a, b) => p[a]! - p[b]!);
  const corrected = new Array<number>(p.length);
  let most = 0;
  for (const [place, i] of ascending.entries()) {
    most = Math.max(most, Math.min(1, (p.length - place) * p[i]!));
    corrected[i] = most;
  }
  return corrected;
}
