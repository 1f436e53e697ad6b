import type { Dataset } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { checkedIndex } from '../image-dataset.ts';
import { RandomStream } from '../../tensor/random.ts';

/** The samples of `dataset` at `indices`, in that order; sample i of the result is sample `indices[i]` of `dataset`. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const chosen = Int32Array.from(indices, (index) => checkedIndex(index, dataset.length));
  return {
    shape: dataset.shape,
    classes: dataset.classes,
    ...(dataset.vocabulary ? { vocabulary: dataset.vocabulary } : {}),
    length: chosen.length,
    memory: dataset.memory + chosen.byteLength,
    fingerprint: fingerprint('subset', dataset.fingerprint, new Uint8Array(chosen.buffer)),
    ...(dataset.recipe ? { recipe: () => ({ kind: 'subset', args: [dataset.recipe!(), chosen] }) } : {}),
    read(positions, epoch) {
      const translated = new Int32Array(positions.length);
      for (let i = 0; i < positions.length; i++) {
        translated[i] = chosen[checkedIndex(positions[i]!, chosen.length)]!;
      }
      return dataset.read(translated, epoch);
    },
  };
}

/** At most `limit` samples, drawn without replacement by `seed`; the dataset itself where it has no more than that. */
export function limited(dataset: Dataset, limit: number | undefined, seed: number): Dataset {
  if (limit === undefined || limit >= dataset.length) return dataset;
  return subset(dataset, RandomStream.from(seed, 'limit').permutation(dataset.length).subarray(0, limit));
}
