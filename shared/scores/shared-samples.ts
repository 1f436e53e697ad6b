import type { Histogram } from '../domain/evaluation.ts';
import { countByBin } from './histogram.ts';

/** Test samples that some of the compared runs share, clean ones first, by index; all arrays are `[n]`. */
export interface SharedSamples {
  /** Places of these runs among those that are compared. */
  runs: readonly number[];
  sampleIndex: Int32Array;
  /** 1 = anomalous. */
  labels: Uint8Array;
  /** One per run; NaN if the run has not scored the sample. */
  scores: readonly Float32Array[];
  /** One a run: places by score, 1 = most anomalous, 0 without a score. */
  ranks: readonly Int32Array[];
}

/** Counts of the runs' scores over common bins, one class at a time. */
export interface CommonHistograms {
  scale: Histogram['scale'];
  edges: number[];
  counts: number[][];
}

const rankBins = 40;
const scoreBins = 60;

/**
 * Where the runs put the samples of a class: by rank among all test samples in percent (100 = most anomalous), which
 * can be compared whatever the scores are.
 */
export function rankHistograms({ ranks, labels }: SharedSamples, label: 0 | 1): CommonHistograms {
  const edges = Array.from({ length: rankBins + 1 }, (_, i) => (100 * i) / rankBins);
  const counts = ranks.map((own) => {
    const last = Math.max(1, own.reduce((most, rank) => Math.max(most, rank), 0) - 1);
    const shares = Float64Array.from(own, (rank) => (rank === 0 ? NaN : 100 - (100 * (rank - 1)) / last)).filter(
      (value, i) => labels[i] === label && !Number.isNaN(value),
    );
    return countByBin(shares.sort(), edges);
  });
  return { scale: 'linear', edges, counts };
}

/** The same by the scores themselves, over the ranges of the runs' own histograms; for runs of one detector. */
export function scoreHistograms(
  { scores, labels }: SharedSamples,
  label: 0 | 1,
  histograms: readonly Histogram[],
): CommonHistograms {
  const low = Math.min(...histograms.map(({ edges }) => edges[0]!));
  const high = Math.max(...histograms.map(({ edges }) => edges[edges.length - 1]!));
  const scale = histograms.every((histogram) => histogram.scale === 'log') ? 'log' : 'linear';
  const edges = Array.from({ length: scoreBins + 1 }, (_, i) =>
    scale === 'log' ? low * (high / low) ** (i / scoreBins) : low + ((high - low) * i) / scoreBins,
  );
  const counts = scores.map((own) => {
    const values = Float64Array.from(own).filter((score, i) => labels[i] === label && !Number.isNaN(score));
    return countByBin(values.sort(), edges);
  });
  return { scale, edges, counts };
}

/** Points that are drawn of a scatter, `[m]` each; `places` are those in the shared samples. */
export interface DrawnPoints {
  places: Int32Array;
  x: Float32Array;
  y: Float32Array;
  anomalous: Uint8Array;
}

/** Larger than any number of points that is drawn, hence a walk that meets each of them. */
const mixingPrime = 7919;

/**
 * What two of the runs, by their places in `scores`, score: at most `most` (below 7919) of the samples that both have
 * scored, spread evenly.
 */
export function drawnPoints({ scores, labels }: SharedSamples, across: number, up: number, most: number): DrawnPoints {
  const [x, y] = [scores[across]!, scores[up]!];
  const known = Int32Array.from(x.keys()).filter((i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]));
  const step = Math.max(1, known.length / most);
  const count = Math.min(known.length, most);
  const chosen = Int32Array.from({ length: count }, (_, k) => known[Math.floor(k * step)]!);
  // Clean samples come first: strides of a prime mix the classes, so that neither lies on the other.
  const drawn = chosen.map((_, k) => chosen[(k * mixingPrime) % count]!);
  return {
    places: drawn,
    x: Float32Array.from(drawn, (i) => x[i]!),
    y: Float32Array.from(drawn, (i) => y[i]!),
    anomalous: Uint8Array.from(drawn, (i) => labels[i]!),
  };
}
