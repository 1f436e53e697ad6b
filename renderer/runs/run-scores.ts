import { unpackArrays } from '../../shared/domain/arrays.ts';
import type { ArrayMap } from '../../shared/domain/arrays.ts';
import type { Histogram } from '../../shared/domain/evaluation.ts';
import type { scoreSetSchema } from '../../shared/domain/result.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { histogram } from '../../shared/scores/histogram.ts';
import { operatingPoints } from '../../shared/scores/operating-point.ts';
import type { OperatingPoints } from '../../shared/scores/operating-point.ts';
import { ranksOf } from '../../shared/scores/ranks.ts';
import { isMistake, worstMistakes } from '../../shared/scores/worst-mistakes.ts';
import type { WorstMistakes } from '../../shared/scores/worst-mistakes.ts';
import type { z } from 'zod';

/** Mistakes of a class that are of interest. */
const mistakesKept = 60;

/** Computes each value once, when it is first asked for. */
function remembered<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key);
    if (value !== undefined) return value;
    const computed = compute(key);
    known.set(key, computed);
    return computed;
  };
}

/**
 * Scores of every test sample of a run, as typed arrays all the way; what is derived of a layer is computed when asked
 * for.
 */
export class RunScores {
  /** Layers that have scores, `all` among them. */
  readonly layers: readonly string[];
  readonly classes: readonly string[] | null;
  /** 1 = anomalous, `[n]`. */
  readonly labels: Uint8Array;
  readonly sampleIndex: Int32Array;
  readonly trueClass: Int32Array | null;
  readonly predictedClass: Int32Array | null;
  readonly #arrays: ArrayMap;

  /** Sorted once a layer, lazily. */
  readonly points: (layer: string) => OperatingPoints = remembered((layer) =>
    operatingPoints(this.of(layer), this.labels),
  );
  /** Places by score, 1 = most anomalous, `[n]`. */
  readonly ranks: (layer: string) => Int32Array = remembered((layer) => ranksOf(this.of(layer)));
  /** The samples that are taken for the other class most, the worst first. */
  readonly mistakes: (layer: string) => WorstMistakes = remembered((layer) =>
    worstMistakes(this.of(layer), this.labels, mistakesKept),
  );
  readonly #histograms = remembered((key) => {
    const [scale, ...layer] = key.split(':');
    return histogram(this.of(layer.join(':')), this.labels, scale as Histogram['scale']);
  });

  constructor(layers: readonly string[], classes: readonly string[] | null, arrays: ArrayMap) {
    this.layers = layers;
    this.classes = classes;
    this.#arrays = arrays;
    const { labels, sample_index: index, true_class: trueClass, predicted_class: predictedClass } = arrays;
    if (!(labels instanceof Uint8Array) || !(index instanceof Int32Array))
      throw new CupbearerError('bad-data', 'The scores of this run came without labels.');
    this.labels = labels;
    this.sampleIndex = index;
    this.trueClass = trueClass instanceof Int32Array ? trueClass : null;
    this.predictedClass = predictedClass instanceof Int32Array ? predictedClass : null;
  }

  static async from(set: z.infer<typeof scoreSetSchema>): Promise<RunScores> {
    return new RunScores(set.layers, set.classes, await unpackArrays(set.arrays));
  }

  get length(): number {
    return this.labels.length;
  }

  /** Returns the scores at a layer, `[n]`. @throws CupbearerError `not-found` if there are none. */
  of(layer: string): Float32Array {
    const scores = this.#arrays[`layer/${layer}`];
    if (!(scores instanceof Float32Array)) throw new CupbearerError('not-found', `There are no scores at ${layer}.`);
    return scores;
  }

  /** How the scores at a layer are spread over bins of equal width on an axis. @throws where a log axis cannot be. */
  histogram(layer: string, scale: Histogram['scale']): Histogram {
    return this.#histograms(`${scale}:${layer}`);
  }

  /** Whether all scores at a layer are positive, so that a logarithmic axis can show them. */
  isPositive(layer: string): boolean {
    return this.points(layer).ranked.thresholds.at(-1)! > 0;
  }

  /** Whether a sample's score at a layer lies on the wrong side of the threshold. */
  isMistake(layer: string, position: number, threshold: number): boolean {
    return isMistake(this.of(layer)[position]!, this.labels[position]!, threshold);
  }

  /** Whether any sample of either kind lies on the wrong side of the threshold: the worst of them does first. */
  hasMistakes(layer: string, threshold: number): boolean {
    const { clean, anomalous } = this.mistakes(layer);
    return [clean[0], anomalous[0]].some((worst) => worst !== undefined && this.isMistake(layer, worst, threshold));
  }

  /** Name of a sample's true or predicted class; null if it is not known. */
  className(which: 'trueClass' | 'predictedClass', position: number): string | null {
    const index = this[which]?.[position];
    if (index === undefined || index < 0) return null;
    return this.classes?.[index] ?? String(index);
  }

  /**
   * Scores of another run's samples in this one's order, NaN if it has not scored a sample: the same test data may lie
   * in another order there.
   */
  align(other: RunScores, layer: string): Float32Array {
    const scores = other.of(layer);
    const isSame =
      other.length === this.length &&
      this.sampleIndex.every((index, i) => index === other.sampleIndex[i] && this.labels[i] === other.labels[i]);
    if (isSame) return scores;
    const places = new Map(sampleKeys(other).map((key, i) => [key, i]));
    return Float32Array.from(sampleKeys(this), (key) => scores[places.get(key) ?? -1] ?? NaN);
  }
}

/**
 * Names of samples: label, index, and which of those alike, since test data of several parts may have an index twice.
 */
export function sampleKeys({ labels, sampleIndex }: Pick<RunScores, 'labels' | 'sampleIndex'>): string[] {
  const seen = new Map<string, number>();
  return Array.from(sampleIndex, (index, i) => {
    const name = `${labels[i]} ${index}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return `${name} ${before}`;
  });
}
