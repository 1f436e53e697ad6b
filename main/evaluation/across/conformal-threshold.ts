import { checkScores, type Scores } from '../../../shared/scores/ranked-scores.ts';
import { CupbearerError } from '../../../shared/errors.ts';

/**
 * Returns the threshold above which samples are to be flagged so that at most a share `alpha` of trusted ones is: the
 * ceil((n + 1) (1 - alpha))-th smallest of the `heldOut` scores `[n]`, infinite where n is below 1 / alpha - 1 (split
 * conformal prediction, Vovk, Gammerman & Shafer 2005; Angelopoulos & Bates 2023, 1.1).
 *
 * What it guarantees: a trusted sample that is exchangeable with the held-out ones (drawn the same way, not used to fit
 * the detector) scores above it with a probability of at most `alpha`, and without ties of more than alpha - 1 / (n +
 * 1). That is on average over draws of the held-out samples: the rate of one threshold spreads about it by some
 * sqrt(alpha (1 - alpha) / n), and nothing is promised for data that differ from the trusted ones.
 * @throws CupbearerError `usage` where `alpha` is not between 0 and 1, `bad-data` without scores, `non-finite`.
 */
export function conformalThreshold(heldOut: Scores, alpha: number): number {
  if (!(alpha > 0 && alpha < 1))
    throw new CupbearerError('usage', `Expected a false-positive rate between 0 and 1, got ${alpha}.`);
  if (heldOut.length === 0)
    throw new CupbearerError('bad-data', 'Calibrating a threshold needs scores of held-out trusted samples, got none.');
  const odd = heldOut.find((score) => !Number.isFinite(score));
  if (odd !== undefined)
    throw new CupbearerError(
      'non-finite',
      `A held-out score is ${odd}: expected finite scores to calibrate a threshold.`,
    );
  // (n + 1) alpha may come out just below the whole number that it is.
  const allowed = Math.floor((heldOut.length + 1) * alpha + 1e-9);
  return allowed === 0 ? Infinity : Float64Array.from(heldOut).sort()[heldOut.length - allowed]!;
}

/** Returns how many held-out trusted samples a finite threshold for this false-positive rate takes. */
export function fewestHeldOut(alpha: number): number {
  return Math.ceil(1 / alpha - 1 - 1e-9);
}

/** What a threshold comes to on test samples. */
interface RealisedRates {
  /** Shares of the clean and of the anomalous samples that are flagged, 0 to 1. */
  fpr: number;
  tpr: number;
}

/**
 * Returns the rates at which scores `[n]` with labels `[n]` (1 = anomalous) lie above `threshold`. @throws as
 * `checkScores`.
 */
export function realisedRates(threshold: number, scores: Scores, labels: Uint8Array): RealisedRates {
  checkScores(scores, labels);
  const flagged = [0, 0];
  const total = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const label = labels[i]!;
    total[label]!++;
    if (scores[i]! > threshold) flagged[label]!++;
  }
  return { fpr: flagged[0]! / total[0]!, tpr: flagged[1]! / total[1]! };
}
