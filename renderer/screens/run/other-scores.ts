import type { RunSummary } from '../../../shared/domain/live.ts';

/** What another detector says of the test samples, in this run's order. */
export interface OtherScores {
  /** `[n]`, NaN if it has not scored a sample. */
  scores: Float32Array;
  /** 1 = most anomalous, 0 without a score, `[n]`. */
  ranks: Int32Array;
}

/** A detector with what sets it apart: "mahalanobis relative". */
export const otherName = ({ detector, detectorDetail }: RunSummary) => `${detector} ${detectorDetail}`.trim();
