import type { RandomStream } from '../../tensor/random.ts';
import type { FigureDraws, SampleUnits, ScoredSeed } from './sample-units.ts';

/** A rate at a threshold: the share of one class beyond the score at which a share of the other is beyond it. */
interface Rate {
  /** The class that sets the threshold, and that of which the share is asked. */
  setBy: 0 | 1;
  share: number;
}

/** TPR at a false alarm rate, or FPR at a detection rate. */
type RateMetric = 'tpr_at_1' | 'tpr_at_5' | 'fpr_at_95';

const rates: Readonly<Record<RateMetric, Rate>> = {
  tpr_at_1: { setBy: 0, share: 0.01 },
  tpr_at_5: { setBy: 0, share: 0.05 },
  fpr_at_95: { setBy: 1, share: 0.95 },
};

/** Samples of a figure in the order of their scores, the highest first, as units. */
interface Ordered {
  seed: number;
  /** Units of the class that sets the threshold, `[n]`. */
  setting: Int32Array;
  /** Units of the other class, `[m]`. */
  counted: Int32Array;
  /** How many of the other class are flagged where this one of the first is the last, `[n]`. */
  flagged: Int32Array;
}

/**
 * Draws rates at a threshold by drawing samples again, with the threshold set again each time. A rate is no smooth
 * function of the samples; what makes it quick is that they are put in order once, and draws only weigh them.
 */
export function rateDraws(metric: RateMetric, seeds: readonly ScoredSeed[], units: SampleUnits): FigureDraws {
  const rate = rates[metric];
  const figures = seeds.flatMap(({ scores, labels }, s) =>
    scores.map((own) => orderedBy(own, labels, s, units.unitOf[s]!, rate)),
  );
  return (stream) => {
    const weights = drawWeights(units, stream);
    return Float64Array.from(figures, (figure) => {
      const [clean, anomalous] = weights[figure.seed]!;
      return rate.setBy === 0 ? rateOf(figure, clean, anomalous, rate) : rateOf(figure, anomalous, clean, rate);
    });
  };
}

function orderedBy(
  scores: ScoredSeed['scores'][number],
  labels: Uint8Array,
  seed: number,
  unitOf: Int32Array,
  { setBy }: Rate,
): Ordered {
  const descending = (kind: number) =>
    Int32Array.from(labels.keys())
      .filter((i) => labels[i] === kind)
      .sort((a, b) => scores[b]! - scores[a]!);
  const [setting, counted] = [descending(setBy), descending(1 - setBy)];
  const flagged = new Int32Array(setting.length);
  let next = 0;
  for (const [k, i] of setting.entries()) {
    // The clean sample that is one too many is not flagged, nor what scores the same; the anomalous one that is needed
    // is.
    const isFlagged = (j: number) => (setBy === 0 ? scores[j]! > scores[i]! : scores[j]! >= scores[i]!);
    while (next < counted.length && isFlagged(counted[next]!)) next++;
    flagged[k] = next;
  }
  return { seed, setting: setting.map((i) => unitOf[i]!), counted: counted.map((i) => unitOf[i]!), flagged };
}

/** How often each unit is drawn, by seed and class. */
function drawWeights({ sizes, shared }: SampleUnits, stream: RandomStream): (readonly [Int32Array, Int32Array])[] {
  const draw = (size: number): Int32Array => {
    const weights = new Int32Array(size);
    // Its bias, size / 2^32, is nothing here; `integer` has none and takes five times as long.
    for (let k = 0; k < size; k++) weights[Math.floor(stream.uniform() * size)]!++;
    return weights;
  };
  const ofSeed = ([clean, anomalous]: readonly [number, number]) => [draw(clean), draw(anomalous)] as const;
  if (!shared) return sizes.map(ofSeed);
  const all = ofSeed(sizes[0]!);
  return sizes.map(() => all);
}

/** NaN where a seed has none of the units of a class that were drawn for all. */
function rateOf(
  { setting, counted, flagged }: Ordered,
  settingWeights: Int32Array,
  weights: Int32Array,
  rate: Rate,
): number {
  const total = sumOf(setting, settingWeights, setting.length);
  if (total === 0) return NaN;
  let reached = 0;
  let last = counted.length;
  for (let k = 0; k < setting.length; k++) {
    reached += settingWeights[setting[k]!]!;
    if (rate.setBy === 0 ? reached / total > rate.share : reached / total >= rate.share) {
      last = flagged[k]!;
      break;
    }
  }
  return sumOf(counted, weights, last) / sumOf(counted, weights, counted.length);
}

/** The weight of the first `count` units. */
function sumOf(ordered: Int32Array, weights: Int32Array, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += weights[ordered[k]!]!;
  return sum;
}
