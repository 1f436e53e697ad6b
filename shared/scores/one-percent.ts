import type { LayerMetrics } from '../domain/evaluation.ts';
import { formatPercent, formatPercentInterval } from '../format.ts';

/** With fewer clean samples one false alarm is already more than 1 %: the rate would be that without any. */
const fewestClean = 100;

/** Shown instead of a rate at 1 % false alarms if there are too few samples for it. */
export const tooFewClean = `needs ${fewestClean} clean samples`;

/** The share caught at 1 % false alarms, 0 to 1; null if there are too few clean samples for such a threshold. */
export function tprAtOnePercent({ TPR_at_FPR_1, n_clean }: LayerMetrics): number | null {
  return n_clean < fewestClean ? null : TPR_at_FPR_1;
}

/** The same in words: "93.0 %" or a dash. */
export function tprAtOnePercentText(metrics: LayerMetrics): string {
  const value = tprAtOnePercent(metrics);
  return value === null ? '–' : formatPercent(value);
}

/** Returns its interval in words, or why there is none. */
export function tprAtOnePercentInterval(metrics: LayerMetrics): string {
  return tprAtOnePercent(metrics) === null ? tooFewClean : formatPercentInterval(metrics.TPR_at_FPR_1_interval);
}
