import { flag, integer, integers, number } from '../../../shared/schema/fields.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import {
  BatchedGramStatistics,
  entryCount,
  gramStatistics,
  type GramStatistics,
  type Parity,
} from '../parts/gram-statistics.ts';
import { defineLayerDetector } from '../layer-detector.ts';
import { accumulate, ofLayer } from '../parts/by-layer.ts';
import { predictedClasses } from '../parts/predictions.ts';
import { gatherRows, positionsByGroup, takeRows } from '../parts/rows.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/**
 * Against a division by zero where a bound is zero: the smallest normal number of float16, as the seed library has it. Here a
 * share of the entries' own size, so that scores do not depend on the scale of activations; for `compat` itself.
 */
const EPSILON = 2 ** -14;
/** Classes with fewer stored samples are judged by the bounds of all samples: their medians would be mostly chance. */
const FEWEST_IN_CLASS = 20;
/** Beyond this the Gram matrix of a layer has over two million entries. */
const MOST_DIMS = 2048;

/**
 * Beatrix (Ma et al., section IV): the entries of the Gram matrix of order p, `sgn(g) |g|^(1/p)` with `g = x_i^p x_j^p`,
 * are compared with `median -/+ mad_scale * MAD` of the trusted samples of the predicted class; the score is the mean over
 * entries and orders of how far they lie outside, relative to the bound.
 *
 * Activations here are one vector a sample (feature maps are pooled before), so the entry of order p is `x_i x_j` for
 * every odd p and `|x_i x_j|` for every even one: only how many orders are odd and how many even matters.
 * MADs are raw, as in the paper's code: 10 of them are 6.745 standard deviations of a normal distribution. Medians are
 * exact for up to `max_samples` samples, else those of a random part of that size, whose rank is off by
 * `0.5 / sqrt(max_samples)` (0.7 % for 5,000; standard error).
 */
export const beatrix = defineLayerDetector({
  id: 'beatrix',
  title: 'Beatrix (Gram matrices)',
  summary: 'How far products of neurons lie outside of what is usual in trusted data, class by class',
  source: 'Ma et al., NDSS 2023, arXiv 2209.11715',
  needs: { trusted: true, logits: true },
  params: {
    power_list: integers({
      label: 'Orders',
      help: 'Orders of the Gram matrices; all odd ones are equal here, and all even ones',
      default: [1, 2, 3, 4],
      min: 1,
      max: 64,
      atLeast: 1,
    }),
    mad_scale: number({
      label: 'Tolerance',
      help: 'Median absolute deviations from the median that are still usual',
      unit: 'MAD',
      default: 10,
      min: 0,
    }),
    per_class: flag({
      label: 'By class',
      help: 'Medians for each predicted class, as in the paper; for all classes together otherwise',
      default: true,
    }),
    diagonal: flag({
      label: 'Diagonal',
      help: 'Count the squares of single neurons too',
      default: true,
    }),
    max_samples: integer({
      label: 'Most samples',
      help: 'Takes medians over a random part of the trusted data where there is more',
      unit: 'samples',
      default: 5000,
      min: 2,
      max: 200_000,
    }),
    compat: flag({
      label: 'Match the Python library',
      help: 'All classes together, the diagonal counted, lower medians by batch (so that scores depend on the batch size), merged over batches',
      default: false,
    }),
    moving_average: flag({
      label: 'Moving average',
      help: 'Only where the Python library is matched: medians of batches are averaged, not their median taken',
      default: true,
    }),
  },

  misfits: (_, layers) =>
    layers
      .filter(({ dims }) => dims > MOST_DIMS)
      .map(({ name, dims }) => ({
        path: ['layers'],
        message: `The detector "beatrix" compares all pairs of up to ${MOST_DIMS} neurons, and ${name} has ${dims}.`,
        hint: worded`Set ${parameter('detector.pooling')} to mean, or leave the layer out.`,
      })),

  arrays: {
    odd_median: 'float64',
    odd_mad: 'float64',
    even_median: 'float64',
    even_mad: 'float64',
    least: 'float64?',
  },
  values: { odd_share: 'number', mad_scale: 'number', diagonal: 'number', per_class: 'number' },

  async gather({ layers, trusted }, params, { stream: random }) {
    if (!params.compat) return gatherRows(trusted, layers, { limit: params.max_samples, random, atLeast: 2 });
    const start = (dims: number) => new BatchedGramStatistics(dims, params.moving_average);
    return accumulate(trusted, layers, start, () => (statistics, x) => statistics.update(x));
  },

  keep: (params) => ({
    odd_share: params.power_list.filter((power) => power % 2 === 1).length / params.power_list.length,
    mad_scale: params.mad_scale,
    diagonal: countsDiagonal(params) ? 1 : 0,
    per_class: isByClass(params) ? 1 : 0,
  }),

  fitLayer(gathered, { name, dims }, params, { signal }) {
    if (gathered instanceof Map) return { ...statisticsByGroup([ofLayer(gathered, name).result()]), least: undefined };
    const x = ofLayer(gathered.layers, name);
    const statisticsOf = (part: Float32Array) => {
      checkNotCancelled(signal, 'Fitting');
      return gramStatistics(part, dims, countsDiagonal(params));
    };
    if (!isByClass(params)) return withLeast([statisticsOf(x)]);
    const classes = positionsByGroup(gathered.predicted, gathered.classes);
    const isEnough = (own: readonly number[]) => own.length >= FEWEST_IN_CLASS;
    let all: GramStatistics | undefined;
    return withLeast(
      classes.map((own) => (isEnough(own) ? statisticsOf(takeRows(x, dims, own)) : (all ??= statisticsOf(x)))),
    );
  },

  scoreLayer(arrays, { x, size, dims: d, batch, values }) {
    const groups = values.per_class === 1 ? predictedClasses(batch) : new Int32Array(size);
    const diagonal = values.diagonal === 1;
    const bounds = (median: Float64Array, mad: Float64Array) => ({
      low: median.map((value, at) => value - values.mad_scale * mad[at]!),
      high: median.map((value, at) => value + values.mad_scale * mad[at]!),
    });
    const odd = bounds(arrays.odd_median, arrays.odd_mad);
    const even = bounds(arrays.even_median, arrays.even_mad);
    const entries = entryCount(d, diagonal);
    return Float64Array.from(groups, (group, row) => {
      if (entries === 0) return 0;
      const start = group * entries;
      const sample = x.subarray(row * d, (row + 1) * d);
      const least = arrays.least?.[group] ?? EPSILON;
      const ofOdd = deviation(sample, { diagonal, isEven: false, start, least, ...odd });
      const ofEven = deviation(sample, { diagonal, isEven: true, start, least, ...even });
      return (values.odd_share * ofOdd + (1 - values.odd_share) * ofEven) / entries;
    });
  },
});

function countsDiagonal({ diagonal, compat }: { diagonal: boolean; compat: boolean }): boolean {
  return compat || diagonal;
}

function isByClass({ per_class: perClass, compat }: { per_class: boolean; compat: boolean }): boolean {
  return perClass && !compat;
}

/** The statistics of each class, or of all samples, `[groups, entries]` each. */
function statisticsByGroup(groups: readonly GramStatistics[]) {
  const joined = (parity: Parity, part: 'median' | 'mad') => {
    const rows = groups.map((group) => group[parity][part]);
    const entries = rows[0]?.length ?? 0;
    const data = new Float64Array(rows.length * entries);
    rows.forEach((row, i) => data.set(row, i * entries));
    return { shape: [rows.length, entries], data };
  };
  return {
    odd_median: joined('odd', 'median'),
    odd_mad: joined('odd', 'mad'),
    even_median: joined('even', 'median'),
    even_mad: joined('even', 'mad'),
  };
}

/** With what keeps divisors from zero in each group, `[groups]`: a share of how large its entries are. */
function withLeast(groups: readonly GramStatistics[]) {
  const least = Float64Array.from(groups, ({ even: { median, mad } }) => {
    const size = median.reduce((sum, value, at) => sum + Math.abs(value) + mad[at]!, 0) / median.length;
    return size > 0 ? EPSILON * size : EPSILON;
  });
  return { ...statisticsByGroup(groups), least: { shape: [groups.length], data: least } };
}

/** The sum over entries of how far outside of its bounds each is, relative to the bound. */
function deviation(
  x: Float32Array,
  {
    diagonal,
    isEven,
    start,
    least,
    low,
    high,
  }: { diagonal: boolean; isEven: boolean; start: number; least: number; low: Float64Array; high: Float64Array },
): number {
  let sum = 0;
  for (let i = 0, at = start; i < x.length; i++) {
    const left = x[i]!;
    for (let j = diagonal ? i : i + 1; j < x.length; j++, at++) {
      const entry = isEven ? Math.abs(left * x[j]!) : left * x[j]!;
      if (entry < low[at]!) sum += (low[at]! - entry) / (Math.abs(low[at]!) + least);
      else if (entry > high[at]!) sum += (entry - high[at]!) / (Math.abs(high[at]!) + least);
    }
  }
  return sum;
}
