import type { Batch, Dataset } from '../data/dataset.ts';
import { RandomStream } from '../tensor/random.ts';
import type { LooseSamples } from './inspection.ts';

/** Chooses `count` of `n` samples, differently for every `draw`; all if there are no more. */
export function drawIndices(n: number, count: number, draw: number): Int32Array {
  return RandomStream.from(draw, 'preview').permutation(n).slice(0, count);
}

/**
 * Returns samples for people to look at, each with its counterpart in `changed`. Images stay numbers; texts and rows of
 * numbers become text.
 */
export function showSamples(clean: Dataset, changed: Dataset | undefined, indices: Int32Array): LooseSamples {
  const before = clean.read(indices, 0);
  const after = changed?.read(indices, 0);
  const common = {
    labels: labelsOf(clean, before),
    changedLabels: changed && after ? labelsOf(changed, after) : null,
    indices: [...indices],
  };
  if (clean.shape.length !== 3) {
    const texts = {
      clean: textsOf(clean, indices, before),
      changed: changed && after ? textsOf(changed, indices, after) : null,
    };
    return { kind: 'texts', ...texts, ...common };
  }
  const arrays = { clean: before.inputs, ...(after ? { changed: after.inputs } : {}) };
  return { kind: 'images', shape: [...clean.shape], count: indices.length, arrays, ...common };
}

/** The classes of samples by name; empty words where none are known. */
export function labelsOf({ classes }: Dataset, { labels }: Batch): string[] {
  if (classes.length === 0) return Array.from(labels, () => '');
  return Array.from(labels, (label) => classes[label] ?? String(label));
}

/** "Alice 12 + 7 =", or numbers with two decimals if the values are not tokens; `batch` are the samples at `indices`. */
export function textsOf(
  { shape, vocabulary, texts }: Dataset,
  indices: ArrayLike<number>,
  { inputs, size }: Batch,
): string[] {
  if (texts) return texts(indices);
  const length = shape.reduce((product, side) => product * side, 1);
  return Array.from({ length: size }, (_, i) =>
    Array.from(inputs.subarray(i * length, (i + 1) * length), (value) =>
      vocabulary ? vocabulary[value]! : value.toFixed(2),
    ).join(' '),
  );
}
