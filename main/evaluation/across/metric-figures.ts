import type { MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { rankScores, type RankedScores, type Scores } from '../../../shared/scores/ranked-scores.ts';
import { aurocInterval } from '../delong.ts';
import { aurocOf, averagePrecisionOf, fprAtTprOf, rateAtFprOf } from '../figures-of-merit.ts';
import type { Interval } from '../interval.ts';
import { averagePrecisionInterval } from '../precision-interval.ts';
import { fprAtTprInterval, rateAtFprInterval } from '../rate-intervals.ts';
import { perfectBound } from '../rule-of-three.ts';

interface MetricFigure {
  of(ranked: RankedScores): number;
  /** With the 95 % interval that a single run has. */
  interval(scores: Scores, labels: Uint8Array): Interval;
  /**
   * How far from 1, or from 0, the figure may well be where no mistake, or nothing but mistakes, were seen among so
   * many anomalous and clean samples: an interval reaches as far, however little samples spread.
   */
  unseen(nAnomalous: number, nClean: number): { fromOne: number; fromZero: number };
}

/** The rule of three for a rate of `n` samples. */
const unseenRate = (n: number) => ({ fromOne: Math.min(1, 3 / n), fromZero: Math.min(1, 3 / n) });

const rateAt = (fpr: number): MetricFigure => ({
  of: (ranked) => rateAtFprOf(ranked, fpr),
  interval: (scores, labels) => rateAtFprInterval(rankScores(scores, labels), fpr),
  unseen: unseenRate,
});

/** What the metrics of a matrix are of one run. */
export const metricFigures: Readonly<Record<MatrixMetric, MetricFigure>> = {
  auroc: {
    of: aurocOf,
    interval: aurocInterval,
    unseen(nAnomalous, nClean) {
      const far = 1 - perfectBound({ nAnomalous, nClean }, aurocOf);
      return { fromOne: far, fromZero: far };
    },
  },
  average_precision: {
    of: averagePrecisionOf,
    interval: (scores, labels) => averagePrecisionInterval(rankScores(scores, labels)),
    unseen: (nAnomalous, nClean) => ({
      fromOne: 1 - perfectBound({ nAnomalous, nClean }, averagePrecisionOf),
      fromZero: 0,
    }),
  },
  tpr_at_1: rateAt(0.01),
  tpr_at_5: rateAt(0.05),
  fpr_at_95: {
    of: (ranked) => fprAtTprOf(ranked, 0.95),
    interval: (scores, labels) => fprAtTprInterval(rankScores(scores, labels), 0.95),
    unseen: (_, nClean) => unseenRate(nClean),
  },
};
