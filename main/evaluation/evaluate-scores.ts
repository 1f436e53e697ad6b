import type { FigureInterval, LayerMetrics } from '../../shared/domain/evaluation.ts';
import { histogram } from '../../shared/scores/histogram.ts';
import { rankScores, type RankedScores, type Scores } from '../../shared/scores/ranked-scores.ts';
import { RandomStream } from '../tensor/random.ts';
import { bootstrapIntervals } from './bootstrap.ts';
import { thinnedPrecisionRecall, thinnedRoc } from './curves.ts';
import { aurocInterval } from './delong.ts';
import { averagePrecisionOf, fprAtTprOf, rateAtFprOf, thresholdAtFprOf } from './figures-of-merit.ts';
import type { Interval } from './interval.ts';

/** The figures whose intervals come from the bootstrap. */
const bootstrapped = {
  AP: averagePrecisionOf,
  TPR_at_FPR_1: (ranked: RankedScores) => rateAtFprOf(ranked, 0.01),
  TPR_at_FPR_5: (ranked: RankedScores) => rateAtFprOf(ranked, 0.05),
  FPR_at_TPR_95: (ranked: RankedScores) => fprAtTprOf(ranked, 0.95),
};

/** The bootstrap's random numbers, one stream for a run's seed. */
function bootstrapStream(seed: number): RandomStream {
  return RandomStream.from(seed, 'evaluation', 'bootstrap');
}

function toFile({ lower, upper, method, oneSided }: Interval): FigureInterval {
  return { lower, upper, method, one_sided: oneSided, level: 0.95 };
}

/**
 * Average precision with its 95 % interval from 1000 stratified resamples; one-sided where no mistake was seen.
 * @throws as `checkScores`.
 */
export function averagePrecisionInterval(scores: Scores, labels: Uint8Array, options: { seed: number }): Interval {
  return bootstrapIntervals(rankScores(scores, labels), { AP: averagePrecisionOf }, bootstrapStream(options.seed)).AP;
}

/**
 * All that eval.json says of one layer, from scores `[n]` (higher = more anomalous) and labels `[n]` (1 = anomalous).
 * The same scores and seed give the same result, whatever the order of the samples.
 * @throws CupbearerError `non-finite`, `bad-data` as `checkScores`.
 */
export function evaluateScores(scores: Scores, labels: Uint8Array, options: { seed: number }): LayerMetrics {
  const ranked = rankScores(scores, labels);
  const auroc = aurocInterval(scores, labels);
  const intervals = bootstrapIntervals(ranked, bootstrapped, bootstrapStream(options.seed));
  const roc = thinnedRoc(ranked);
  return {
    AUC_ROC: auroc.value,
    AUC_ROC_interval: toFile(auroc),
    AP: intervals.AP.value,
    AP_interval: toFile(intervals.AP),
    TPR_at_FPR_1: intervals.TPR_at_FPR_1.value,
    TPR_at_FPR_1_interval: toFile(intervals.TPR_at_FPR_1),
    threshold_at_FPR_1: thresholdAtFprOf(ranked, 0.01),
    TPR_at_FPR_5: intervals.TPR_at_FPR_5.value,
    TPR_at_FPR_5_interval: toFile(intervals.TPR_at_FPR_5),
    FPR_at_TPR_95: intervals.FPR_at_TPR_95.value,
    FPR_at_TPR_95_interval: toFile(intervals.FPR_at_TPR_95),
    n_clean: ranked.nClean,
    n_anomalous: ranked.nAnomalous,
    histogram: histogram(scores, labels),
    // JSON has no infinity: null is the threshold above every score.
    roc: { ...roc, threshold: roc.threshold.map((value) => (Number.isFinite(value) ? value : null)) },
    pr: thinnedPrecisionRecall(ranked),
  };
}
