import { CupbearerError } from '../../../shared/errors.ts';
import type { Dataset } from '../dataset.ts';
import { checkedIndex } from '../image-dataset.ts';
import { anotherDataset } from './parameters.ts';
import { defineTransform, sampleSize, type Transform } from './transform.ts';

/** Two datasets one behind the other; sample i of the second is sample `first.length + i`. */
export const concatenated: Transform<[second: Dataset]> = defineTransform({
  kind: 'concatenated',
  parameters: [anotherDataset],
  make(first, second) {
    if (first.shape.join() !== second.shape.join()) {
      throw new CupbearerError(
        'usage',
        `Expected samples of one shape, found ${first.shape.join(' x ')} and ${second.shape.join(' x ')}.`,
      );
    }
    const length = first.length + second.length;
    const size = sampleSize(first);
    return {
      length,
      memory: second.memory,
      read(indices, epoch) {
        const inputs = new Float32Array(indices.length * size);
        const labels = new Int32Array(indices.length);
        const places: [first: number[], second: number[]] = [[], []];
        for (let i = 0; i < indices.length; i++) {
          places[checkedIndex(indices[i]!, length) < first.length ? 0 : 1].push(i);
        }
        for (const [dataset, offset, at] of [
          [first, 0, places[0]],
          [second, first.length, places[1]],
        ] as const) {
          if (at.length === 0) continue;
          const part = dataset.read(
            at.map((i) => indices[i]! - offset),
            epoch,
          );
          at.forEach((i, k) => {
            inputs.set(part.inputs.subarray(k * size, (k + 1) * size), i * size);
            labels[i] = part.labels[k]!;
          });
        }
        return { inputs, labels, size: indices.length };
      },
    };
  },
});
