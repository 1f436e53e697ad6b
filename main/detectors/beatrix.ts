import { flag, integer, integers, number } from '../../shared/schema/fields.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import { BatchedGramStatistics, entryCount, gramStatistics, parities, type GramStatistics } from './gram-statistics.ts';
import { defineDetector, doubles, numberOf, type DetectorState, type LayerScores } from './detector.ts';
import { predictedClasses } from './predictions.ts';
import { checkCount, gatherRows, positionsByGroup, takeRows } from './rows.ts';

/** Against a division by zero where a bound is zero: the smallest normal number of float16, as the seed library has it. */
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
export const beatrix = defineDetector({
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
      label: 'As the seed library',
      help: 'All classes together, the diagonal counted, lower medians by batch (so that scores depend on the batch size), merged over batches',
      default: false,
    }),
    moving_average: flag({
      label: 'Moving average',
      help: 'Only as the seed library: medians of batches are averaged, not their median taken',
      default: true,
    }),
  },

  misfits: (_, layers) =>
    layers
      .filter(({ dims }) => dims > MOST_DIMS)
      .map(({ name, dims }) => ({
        path: ['layers'],
        message: `The detector "beatrix" compares all pairs of up to ${MOST_DIMS} neurons, and ${name} has ${dims}.`,
        hint: 'Pool feature maps by --detector.pooling mean, or leave the layer out.',
      })),

  async fit({ layers, trusted }, params, { stream, signal }) {
    const odd = params.power_list.filter((power) => power % 2 === 1).length / params.power_list.length;
    const diagonal = params.compat || params.diagonal;
    const perClass = params.per_class && !params.compat;
    const state: DetectorState = {
      tensors: {},
      values: { odd_share: odd, mad_scale: params.mad_scale, diagonal: diagonal ? 1 : 0, per_class: perClass ? 1 : 0 },
    };
    if (params.compat) {
      checkCount(trusted!, 1);
      const merged = new Map(
        layers.map(({ name, dims }) => [name, new BatchedGramStatistics(dims, params.moving_average)]),
      );
      for await (const batch of trusted!.batches()) {
        for (const [name, statistics] of merged) statistics.update(batch.layers.get(name)!);
      }
      for (const [name, statistics] of merged) store(state, name, [statistics.result()]);
      return state;
    }

    const rows = await gatherRows(trusted!, layers, { limit: params.max_samples, random: stream, atLeast: 2 });
    const classes = perClass ? positionsByGroup(rows.predicted, rows.classes) : [];
    for (const { name, dims } of layers) {
      const x = rows.layers.get(name)!;
      const statisticsOf = (part: Float32Array) => {
        checkNotCancelled(signal, 'Fitting');
        return gramStatistics(part, dims, diagonal);
      };
      const isEnough = (own: readonly number[]) => own.length >= FEWEST_IN_CLASS;
      const all = perClass && classes.every(isEnough) ? undefined : statisticsOf(x);
      const byClass = classes.map((own) => (isEnough(own) ? statisticsOf(takeRows(x, dims, own)) : all!));
      store(state, name, perClass ? byClass : [all!]);
    }
    return state;
  },

  score(state, batch) {
    const groups = numberOf(state, 'per_class') === 1 ? predictedClasses(batch) : new Int32Array(batch.size);
    const diagonal = numberOf(state, 'diagonal') === 1;
    const scale = numberOf(state, 'mad_scale');
    const odd = numberOf(state, 'odd_share');
    const scores: LayerScores = new Map();
    for (const [name, x] of batch.layers) {
      const d = x.length / batch.size;
      const limits = parities.map((parity) => {
        const median = doubles(state, `${name}/${parity}_median`);
        const mad = doubles(state, `${name}/${parity}_mad`);
        return {
          low: median.map((value, at) => value - scale * mad[at]!),
          high: median.map((value, at) => value + scale * mad[at]!),
        };
      });
      const entries = entryCount(d, diagonal);
      const out = new Float64Array(batch.size);
      for (let row = 0; row < batch.size; row++) {
        const start = groups[row]! * entries;
        const sample = x.subarray(row * d, (row + 1) * d);
        const [ofOdd, ofEven] = limits.map(({ low, high }, parity) =>
          deviation(sample, diagonal, parity === 1, low, high, start),
        );
        out[row] = entries === 0 ? 0 : (odd * ofOdd! + (1 - odd) * ofEven!) / entries;
      }
      scores.set(name, out);
    }
    return scores;
  },
});

/** Puts the statistics of each class, or of all samples, into the state: `[groups, entries]` each. */
function store(state: DetectorState, name: string, groups: readonly GramStatistics[]): void {
  for (const parity of parities) {
    for (const part of ['median', 'mad'] as const) {
      const entries = groups[0]![parity][part].length;
      const data = new Float64Array(groups.length * entries);
      groups.forEach((group, i) => data.set(group[parity][part], i * entries));
      state.tensors[`${name}/${parity}_${part}`] = { shape: [groups.length, entries], data };
    }
  }
}

/** The sum over entries of how far outside of its bounds each is, relative to the bound. */
function deviation(
  x: Float32Array,
  diagonal: boolean,
  isEven: boolean,
  low: Float64Array,
  high: Float64Array,
  start: number,
): number {
  let sum = 0;
  for (let i = 0, at = start; i < x.length; i++) {
    const left = x[i]!;
    for (let j = diagonal ? i : i + 1; j < x.length; j++, at++) {
      const entry = isEven ? Math.abs(left * x[j]!) : left * x[j]!;
      if (entry < low[at]!) sum += (low[at]! - entry) / (Math.abs(low[at]!) + EPSILON);
      else if (entry > high[at]!) sum += (entry - high[at]!) / (Math.abs(high[at]!) + EPSILON);
    }
  }
  return sum;
}
