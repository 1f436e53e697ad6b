import { CupbearerError } from '../errors.ts';
import { numbered } from '../format.ts';

/** Scores of samples; higher = more anomalous. */
export type Scores = Float32Array | Float64Array;

/**
 * Samples grouped by their score, most anomalous group first: all that the figures of a detector depend on. Flagging
 * everything down to and including a group is one choice of threshold.
 */
export interface RankedScores {
  /** The distinct scores, descending, `[groups]`. */
  thresholds: Float64Array;
  /** How many anomalous samples have that score, `[groups]`. */
  anomalous: Int32Array;
  /** How many clean samples have that score, `[groups]`. */
  clean: Int32Array;
  nAnomalous: number;
  nClean: number;
}

/**
 * Refuses what no figure can be computed from.
 * @throws CupbearerError `non-finite` naming how many scores are not finite and the first of them; `bad-data` if the
 * lengths differ, a label is neither 0 nor 1, there is no sample or only one class.
 */
export function checkScores(scores: Scores, labels: Uint8Array): void {
  if (scores.length !== labels.length)
    throw new CupbearerError(
      'bad-data',
      `Expected one label a score, found ${numbered(scores.length, 'score')} and ${numbered(labels.length, 'label')}.`,
    );
  if (scores.length === 0)
    throw new CupbearerError(
      'bad-data',
      'There are no samples to evaluate: expected at least one clean and one anomalous.',
    );
  let nonFinite = 0;
  let firstIndex = -1;
  let anomalous = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      if (nonFinite === 0) firstIndex = i;
      nonFinite++;
    }
    const label = labels[i]!;
    if (label > 1)
      throw new CupbearerError(
        'bad-data',
        `Expected anomaly labels 0 (clean) or 1 (anomalous), found ${label} at index ${i}.`,
      );
    anomalous += label;
  }
  if (nonFinite > 0) {
    const value = String(scores[firstIndex]);
    throw new CupbearerError(
      'non-finite',
      `${nonFinite} of ${scores.length} scores ${nonFinite === 1 ? 'is' : 'are'} not finite; the first is ${value} at index ${firstIndex}.`,
      {
        hint: 'The detector has divided by zero or overflowed. Look at its parameters and at the activations of this layer.',
        details: { nonFinite, firstIndex, value },
      },
    );
  }
  if (anomalous === 0 || anomalous === scores.length) {
    const kind = anomalous === 0 ? 'clean' : 'anomalous';
    throw new CupbearerError(
      'bad-data',
      `All ${numbered(scores.length, 'sample')} are ${kind}: expected clean and anomalous ones, to tell one from the other.`,
    );
  }
}

/** The scores of the samples with this label, ascending. */
export function sortedScores(scores: Scores, labels: Uint8Array, label: 0 | 1): Float64Array {
  const chosen = new Float64Array(scores.length);
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (labels[i] === label) chosen[count++] = scores[i]!;
  return chosen.subarray(0, count).sort();
}

/** Groups samples by score; O(n log n). @throws as {@link checkScores}. */
export function rankScores(scores: Scores, labels: Uint8Array): RankedScores {
  checkScores(scores, labels);
  const anomalousScores = sortedScores(scores, labels, 1);
  const cleanScores = sortedScores(scores, labels, 0);
  const thresholds = new Float64Array(scores.length);
  const anomalous = new Int32Array(scores.length);
  const clean = new Int32Array(scores.length);
  let i = anomalousScores.length - 1;
  let j = cleanScores.length - 1;
  let groups = 0;
  while (i >= 0 || j >= 0) {
    const score = Math.max(anomalousScores[i] ?? -Infinity, cleanScores[j] ?? -Infinity);
    thresholds[groups] = score;
    for (; i >= 0 && anomalousScores[i] === score; i--) anomalous[groups]!++;
    for (; j >= 0 && cleanScores[j] === score; j--) clean[groups]!++;
    groups++;
  }
  return {
    thresholds: thresholds.slice(0, groups),
    anomalous: anomalous.slice(0, groups),
    clean: clean.slice(0, groups),
    nAnomalous: anomalousScores.length,
    nClean: cleanScores.length,
  };
}
