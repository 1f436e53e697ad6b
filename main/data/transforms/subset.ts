import { RandomStream } from '../../tensor/random.ts';
import type { Dataset } from '../dataset.ts';
import { checkedIndex } from '../image-dataset.ts';
import { sampleIndices } from './parameters.ts';
import { defineTransform, type Transform } from './transform.ts';

/** The samples of a dataset at `chosen`, in that order. */
export const chosenSamples: Transform<[chosen: Int32Array]> = defineTransform({
  kind: 'subset',
  parameters: [sampleIndices],
  make: (dataset, chosen) => ({
    length: chosen.length,
    memory: chosen.byteLength,
    read(positions, epoch) {
      const translated = new Int32Array(positions.length);
      for (let i = 0; i < positions.length; i++) {
        translated[i] = chosen[checkedIndex(positions[i]!, chosen.length)]!;
      }
      return dataset.read(translated, epoch);
    },
  }),
});

/** The samples of `dataset` at `indices`, in that order; sample i of the result is sample `indices[i]` of `dataset`. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  return chosenSamples(
    dataset,
    Int32Array.from(indices, (index) => checkedIndex(index, dataset.length)),
  );
}

/** At most `limit` samples, drawn without replacement by `seed`; the dataset itself if it has no more than that. */
export function limited(dataset: Dataset, limit: number | undefined, seed: number): Dataset {
  if (limit === undefined || limit >= dataset.length) return dataset;
  return subset(dataset, RandomStream.from(seed, 'limit').permutation(dataset.length).subarray(0, limit));
}
