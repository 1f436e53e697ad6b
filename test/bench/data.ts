import { pathToFileURL } from 'node:url';
import { augmented, defaultAugmentation, naturalImageAugmentation } from '../../main/data/transforms/augmentation.ts';
import { BatchReader } from '../../main/data/threads/batch-reader.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { generateGlyphs } from '../../main/data/datasets/glyphs.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { poisoned } from '../../main/data/transforms/poisoning.ts';
import { createTrigger, poisonOptions } from '../../main/data/triggers/index.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import type { Bench, Measured } from './bench.ts';

const batchSize = 128;

/** Images whose values do not matter, as many and as large as those of MNIST or CIFAR-10. */
function plainImages(count: number, shape: readonly [number, number, number]): Dataset {
  const pixels = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
  for (let k = 0; k < pixels.length; k++) pixels[k] = Math.imul(k, 0x9e3779b1) >>> 24;
  const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
  return imageDataset({ shape, classes, pixels, labels: new Uint8Array(count) }, 'bench');
}

/** Seconds of the clock and of the processor since `before`, as samples a second. */
function rates(samples: number, before: { start: number; cpu: NodeJS.CpuUsage }): Measured {
  const { user, system } = process.cpuUsage(before.cpu);
  return { value: (1000 * samples) / (performance.now() - before.start), processor: (1e6 * samples) / (user + system) };
}

const now = () => ({ start: performance.now(), cpu: process.cpuUsage() });

/** Samples a second over one epoch in batches, after some batches to warm up. */
function samplesPerSecond(dataset: Dataset): Measured {
  const order = RandomStream.from(0, 'order').permutation(dataset.length);
  for (let warm = 0; warm < 20; warm++) dataset.read(order.subarray(0, batchSize), 0);
  const before = now();
  for (let at = 0; at < order.length; at += batchSize) dataset.read(order.subarray(at, at + batchSize), 1);
  return rates(order.length, before);
}

/** As {@link samplesPerSecond}, read ahead on one worker thread. */
async function aheadPerSecond(dataset: Dataset): Promise<Measured> {
  const order = RandomStream.from(0, 'order').permutation(dataset.length);
  const batches = Array.from({ length: Math.ceil(order.length / batchSize) }, (_, i) =>
    order.subarray(i * batchSize, (i + 1) * batchSize),
  );
  const reader = new BatchReader(dataset, { workers: 1, expected: batches.length });
  const readAll = async (wanted: Int32Array[]) => {
    for await (const { batch } of reader.batches(wanted, 1)) if (batch.size === 0) throw new Error('An empty batch.');
  };
  try {
    await readAll(batches.slice(0, 20));
    const before = now();
    await readAll(batches);
    return rates(order.length, before);
  } finally {
    await reader.close();
  }
}

const digits = () => plainImages(60_000, [28, 28, 1]);

export const dataBenches: Bench[] = [
  {
    name: 'read 28x28 grey, no augmentation',
    unit: 'samples/s',
    run: async () => samplesPerSecond(digits()),
  },
  {
    name: 'read 28x28 grey, default augmentations',
    unit: 'samples/s',
    run: async () => samplesPerSecond(augmented(digits(), defaultAugmentation, 0)),
  },
  ...['corner', 'noise', 'wanet'].map((name) => ({
    name: `read 28x28 grey, default augmentations, 5 % ${name}`,
    unit: 'samples/s',
    run: async () => {
      const data = augmented(digits(), defaultAugmentation, 0);
      const trigger = createTrigger({ name }, { shape: data.shape, seed: 0 });
      return samplesPerSecond(poisoned(data, trigger, poisonOptions({ name }, 0)));
    },
  })),
  {
    name: 'read 32x32 colour, default augmentations',
    unit: 'samples/s',
    run: async () => samplesPerSecond(augmented(plainImages(20_000, [32, 32, 3]), naturalImageAugmentation, 0)),
  },
  {
    name: 'read 28x28 grey, default augmentations, on one worker thread',
    unit: 'samples/s',
    run: async () => aheadPerSecond(augmented(digits(), defaultAugmentation, 0)),
  },
  {
    name: 'read 32x32 colour, default augmentations, on one worker thread',
    unit: 'samples/s',
    run: async () => aheadPerSecond(augmented(plainImages(20_000, [32, 32, 3]), naturalImageAugmentation, 0)),
  },
  {
    name: 'draw all 14,000 glyphs',
    unit: 's',
    async run() {
      const start = performance.now();
      await generateGlyphs('train', 1);
      await generateGlyphs('test', 1);
      return { value: (performance.now() - start) / 1000 };
    },
  },
];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const bench of dataBenches) {
    const { value } = await bench.run('auto');
    console.log(`${bench.name.padEnd(60)} ${value < 100 ? value.toFixed(2) : Math.round(value)} ${bench.unit}`);
  }
}
