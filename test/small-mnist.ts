import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../main/tensor/random.ts';
import { idxBytes } from './data/idx-bytes.ts';

/** How large a made-up MNIST is. */
interface SmallMnist {
  train: number;
  test: number;
  /** Height and width of the images in pixels, at least 4. */
  side: number;
}

/**
 * Writes files in MNIST's names and format into `dataDir/mnist`: noisy images in which each class has a bright square at
 * a place of its own, so that a small network learns them within moments. Every class is equally frequent.
 */
export function writeSmallMnist(dataDir: string, { train, test, side }: SmallMnist): void {
  const folder = join(dataDir, 'mnist');
  mkdirSync(folder, { recursive: true });
  for (const [split, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const stream = RandomStream.from(11, split);
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    const pixels = new Uint8Array(count * side * side);
    for (let i = 0; i < count; i++)
      drawClass(pixels.subarray(i * side * side, (i + 1) * side * side), labels[i]!, side, stream);
    writeFileSync(join(folder, `${split}-images-idx3-ubyte`), idxBytes([count, side, side], pixels));
    writeFileSync(join(folder, `${split}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
}

function drawClass(image: Uint8Array, label: number, side: number, stream: RandomStream): void {
  for (let k = 0; k < image.length; k++) image[k] = stream.integer(40);
  const step = (side - 2) / 4;
  const top = Math.round(Math.floor(label / 4) * step) + (label > 7 ? 1 : 0);
  const left = Math.round((label % 4) * step);
  for (const y of [top, top + 1]) for (const x of [left, left + 1]) image[y * side + x] = 160 + stream.integer(60);
}
