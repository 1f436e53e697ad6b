import type { LayerMetrics } from '../../shared/domain/evaluation.ts';
import { histogram } from '../../shared/scores/histogram.ts';
import { rankScores, type Scores } from '../../shared/scores/ranked-scores.ts';
import { thinnedPrecisionRecall, thinnedRoc } from './curves.ts';
import { clusteredAurocInterval, countGroups, groupsByClass } from './clustered-auroc.ts';
import { clusteredPrecisionInterval } from './clustered-precision.ts';
import { clusteredRates } from './clustered-rates.ts';
import { aurocInterval } from './delong.ts';
import { thresholdAtFprOf } from './figures-of-merit.ts';
import { intervalToFile } from './interval.ts';
import { averagePrecisionInterval } from './precision-interval.ts';
import { fprAtTprInterval, rateAtFprInterval } from './rate-intervals.ts';

/**
 * All that eval.json says of one layer, from scores `[n]` (higher = more anomalous) and labels `[n]` (1 = anomalous).
 * With groups `[n]`, samples of a group are not independent, and intervals are of groups. The same scores give the same result, whatever
 * their order.
 * @throws CupbearerError `non-finite`, `bad-data` as `checkScores`.
 */
export function evaluateScores(scores: Scores, labels: Uint8Array, groups?: Int32Array): LayerMetrics {
  const ranked = rankScores(scores, labels);
  const byClass = groups && groupsByClass(groups, labels);
  const auroc = groups ? clusteredAurocInterval(scores, labels, groups) : aurocInterval(scores, labels);
  const intervals = byClass
    ? {
        AP: clusteredPrecisionInterval(ranked, scores, labels, byClass),
        ...clusteredRates(ranked, scores, labels, byClass),
      }
    : {
        AP: averagePrecisionInterval(ranked),
        TPR_at_FPR_1: rateAtFprInterval(ranked, 0.01),
        TPR_at_FPR_5: rateAtFprInterval(ranked, 0.05),
        FPR_at_TPR_95: fprAtTprInterval(ranked, 0.95),
      };
  const roc = thinnedRoc(ranked);
  return {
    AUC_ROC: auroc.value,
    AUC_ROC_interval: intervalToFile(auroc),
    AP: intervals.AP.value,
    AP_interval: intervalToFile(intervals.AP),
    TPR_at_FPR_1: intervals.TPR_at_FPR_1.value,
    TPR_at_FPR_1_interval: intervalToFile(intervals.TPR_at_FPR_1),
    threshold_at_FPR_1: thresholdAtFprOf(ranked, 0.01),
    TPR_at_FPR_5: intervals.TPR_at_FPR_5.value,
    TPR_at_FPR_5_interval: intervalToFile(intervals.TPR_at_FPR_5),
    FPR_at_TPR_95: intervals.FPR_at_TPR_95.value,
    FPR_at_TPR_95_interval: intervalToFile(intervals.FPR_at_TPR_95),
    n_clean: ranked.nClean,
    n_anomalous: ranked.nAnomalous,
    ...(byClass && { n_groups: countGroups(byClass).all }),
    histogram: histogram(scores, labels),
    // JSON has no infinity: null is the threshold above every score.
    roc: { ...roc, threshold: roc.threshold.map((value) => (Number.isFinite(value) ? value : null)) },
    pr: thinnedPrecisionRecall(ranked),
  };
}
