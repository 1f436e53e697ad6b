import type { Dataset } from '../../main/data/dataset.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { RandomStream } from '../../main/tensor/random.ts';

/** `count` random images with labels 0, 1, 2, ... in turn, three classes. */
export function toyDataset(
  count: number,
  shape: readonly [number, number, number] = [4, 4, 1],
  name = `toy ${count} ${shape.join()}`,
): Dataset {
  const stream = RandomStream.from(7, 'toy');
  return imageDataset(
    {
      shape,
      classes: ['a', 'b', 'c'],
      pixels: Uint8Array.from({ length: count * shape[0] * shape[1] * shape[2] }, () => stream.integer(256)),
      labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    },
    name,
  );
}

/** The numbers 0 to n - 1. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
