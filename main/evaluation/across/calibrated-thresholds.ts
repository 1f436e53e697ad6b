import type { CalibratedThreshold } from '../../../shared/domain/evaluation.ts';
import type { Scores } from '../../../shared/scores/ranked-scores.ts';
import { conformalThreshold, fewestHeldOut, realisedRates } from './conformal-threshold.ts';

/** The false-positive rates that thresholds are calibrated for. */
const wantedRates = [0.01, 0.05];

/**
 * Returns thresholds calibrated on the scores of `heldOut` trusted samples `[m]`, with the rates that they come to on
 * test samples: scores and labels `[n]`, 1 = anomalous. With too few held-out samples for a rate there is no threshold.
 * @throws CupbearerError as `conformalThreshold` and `realisedRates`.
 */
export function calibratedThresholds(heldOut: Scores, scores: Scores, labels: Uint8Array): CalibratedThreshold[] {
  return wantedRates.map((wanted) => {
    const threshold = conformalThreshold(heldOut, wanted);
    const known = { wanted, held_out: heldOut.length, needed: fewestHeldOut(wanted) };
    if (!Number.isFinite(threshold)) return { ...known, threshold: null, FPR: null, TPR: null };
    const { fpr, tpr } = realisedRates(threshold, scores, labels);
    return { ...known, threshold, FPR: fpr, TPR: tpr };
  });
}
