import type { Histogram } from '../domain/evaluation.ts';
import { CupbearerError } from '../errors.ts';
import { quantile } from './quantile.ts';
import { checkScores, sortedScores, type Scores } from './ranked-scores.ts';

const fewestBins = 40;
const mostBins = 80;
/** Odd, so that a constant score falls into the middle of a bin. */
const binsOfConstant = 41;

/** A decade between the 0.5 % and the 99.5 % quantile, so that one stray sample does not change the axis. */
function spansDecade(sorted: Float64Array): boolean {
  return sorted[0]! > 0 && quantile(sorted, 0.995) > 10 * quantile(sorted, 0.005);
}

/** Number of bins by Freedman & Diaconis 1981 (width twice the interquartile range over the cube root of n), 40 to 80. */
function binCount(sorted: Float64Array): number {
  const range = sorted[sorted.length - 1]! - sorted[0]!;
  const width = (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(sorted.length);
  return width > 0 ? Math.min(mostBins, Math.max(fewestBins, Math.ceil(range / width))) : mostBins;
}

/** Counts of ascending values by bin of ascending edges; an edge belongs to the bin above it, the last edge to the last bin. */
export function countByBin(sorted: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < counts.length - 1 && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  return counts;
}

/**
 * How scores `[n]` are spread, by class, over 40 to 80 shared bins from the lowest to the highest score. Bins are equally
 * wide on the axis `scale`, or else on the suggested one: logarithmic where scores are positive and span over a decade.
 * @throws as `checkScores`; CupbearerError `usage` if a logarithmic axis is asked for and a score is not positive.
 */
export function histogram(scores: Scores, labels: Uint8Array, scale?: Histogram['scale']): Histogram {
  checkScores(scores, labels);
  const sorted = Float64Array.from(scores).sort();
  if (scale === 'log' && sorted[0]! <= 0)
    throw new CupbearerError('usage', `A logarithmic axis needs positive scores; the lowest is ${sorted[0]}.`);
  const log = scale === undefined ? spansDecade(sorted) : scale === 'log';
  const onAxis = log ? sorted.map(Math.log) : sorted;
  let low = onAxis[0]!;
  let high = onAxis[onAxis.length - 1]!;
  let bins = binCount(onAxis);
  // Scores that differ by rounding alone would get edges that are equal.
  const constant = high - low <= mostBins * 4 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
  if (constant) {
    const margin = low === 0 ? 0.5 : Math.abs(low) / 2;
    [low, high, bins] = [low - margin, high + margin, binsOfConstant];
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) => {
    const edge = low + ((high - low) * i) / bins;
    return log ? Math.exp(edge) : edge;
  });
  if (!constant) {
    edges[0] = sorted[0]!;
    edges[bins] = sorted.at(-1)!;
  }
  return {
    scale: log ? 'log' : 'linear',
    edges,
    clean: countByBin(sortedScores(scores, labels, 0), edges),
    anomalous: countByBin(sortedScores(scores, labels, 1), edges),
  };
}
