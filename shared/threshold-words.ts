import type { CalibratedThreshold } from './domain/evaluation.ts';
import { formatCount, formatPercent } from './format.ts';
import { scoreLabel } from './charts/ticks.ts';

/** What calibrated thresholds promise, to be shown beside what they came to. */
export const thresholdGuarantee =
  'Split conformal: on average over calibrations at most the wanted share of trusted samples is flagged, if they are drawn like the held-out ones. Test data may differ, so what the threshold came to on them stands beside it.';

/** Says why the rate at 1 % promises nothing for other data. */
export const readOffTest = '“TPR at 1 % FPR” reads its threshold off the test data, which nobody has beforehand.';

/** Column heads of {@link thresholdCells}. */
export const thresholdHeads = ['FPR wanted', 'Threshold', 'FPR on the test', 'TPR on the test', 'Held out'] as const;

/** A calibrated threshold in words. */
export function thresholdCells({ wanted, threshold, FPR, TPR, held_out, needed }: CalibratedThreshold): string[] {
  const rate = (share: number | null) => (share === null ? '–' : formatPercent(share));
  return [
    `at most ${formatPercent(wanted)}`,
    threshold === null ? `needs ${formatCount(needed)} held-out samples` : `above ${scoreLabel(threshold)}`,
    rate(FPR),
    rate(TPR),
    formatCount(held_out),
  ];
}
