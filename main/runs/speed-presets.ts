import { paramsOf, type Picked } from '../../shared/schema/fields.ts';
import { augmented, defaultAugmentation } from '../data/transforms/augmentation.ts';
import type { Dataset } from '../data/dataset.ts';
import { generateGlyphs, glyphCounts } from '../data/datasets/glyphs.ts';
import { imageDataset } from '../data/image-dataset.ts';
import { architectureRegistry } from '../models/architectures/index.ts';
import { Network } from '../models/network.ts';
import { specFor } from '../models/network-outline.ts';
import { createOptimizer, optimizerRegistry } from '../models/optimizers/index.ts';
import { predict, trainClassifier } from '../models/training.ts';

/** A whole job, of which a short part is done to estimate how long all of it would take. */
interface SpeedPreset {
  id: string;
  title: string;
  /** @throws CupbearerError `cancelled`. */
  seconds(signal: AbortSignal | undefined): Promise<number>;
}

/** An architecture with its defaults but for `params`. */
export function architecture(name: string, params: Record<string, unknown>): Picked {
  return { name, ...paramsOf(architectureRegistry.get(name)).parse(params) };
}

/** Adam with its defaults. */
export const adamSpec = (): Picked => ({ name: 'adam', ...paramsOf(optimizerRegistry.get('adam')).parse({}) });

/** Images of noise in ten classes: how long they take does not depend on what they show. */
export function noiseImages(shape: readonly [number, number, number], count: number): Dataset {
  const pixels = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
  for (let k = 0; k < pixels.length; k++) pixels[k] = Math.imul(k, 0x9e3779b1) >>> 24;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  return imageDataset({ shape, classes: Array.from('0123456789'), pixels, labels }, 'noise');
}

/** Timed for about this long, milliseconds. */
const targetMs = 1500;
const fewestSteps = 3;
const mostSteps = 200;

/** Milliseconds that a step of training takes, reading and augmenting 28 x 28 images included. */
async function stepMs(model: Picked, batchSize: number, signal: AbortSignal | undefined): Promise<number> {
  const images = noiseImages([28, 28, 1], batchSize * mostSteps);
  const dataset = augmented(images, defaultAugmentation, 0);
  const network = new Network(specFor(model, dataset), 0);
  const optimizer = createOptimizer(adamSpec());
  const train = async (maxSteps: number) => {
    const start = performance.now();
    const options = { network, optimizer, dataset, epochs: 1, batchSize, maxSteps, seed: 0 };
    await trainClassifier({ ...options, signal });
    return (performance.now() - start) / maxSteps;
  };
  try {
    await train(fewestSteps);
    const rough = await train(fewestSteps);
    return await train(Math.round(Math.min(mostSteps, Math.max(fewestSteps, targetMs / rough))));
  } finally {
    optimizer.dispose();
    network.dispose();
  }
}

/** Milliseconds that the forward pass takes for a sample of 28 x 28 in batches of 256. */
async function forwardMs(model: Picked, signal: AbortSignal | undefined): Promise<number> {
  const dataset = noiseImages([28, 28, 1], 2_048);
  const network = new Network(specFor(model, dataset), 0);
  const options = { batchSize: 256, signal };
  try {
    await predict(network, dataset, options);
    const start = performance.now();
    await predict(network, dataset, options);
    return (performance.now() - start) / dataset.length;
  } finally {
    network.dispose();
  }
}

async function drawingMs(): Promise<number> {
  const start = performance.now();
  await generateGlyphs('test', 0);
  return (performance.now() - start) / glyphCounts.test;
}

export const presets: readonly SpeedPreset[] = [
  {
    id: 'demo',
    title: 'The demo: an MLP on 12\u202f000 glyphs, 8 epochs; a detector fitted and evaluated',
    async seconds(signal) {
      const model = architecture('mlp', { hidden_dims: [128, 128] });
      const { train, test } = glyphCounts;
      // The detector's run draws the glyphs again; each epoch ends with a look at the clean and the triggered test half.
      const drawing = 2 * (train + test) * (await drawingMs());
      const training = 8 * Math.ceil(train / 64) * (await stepMs(model, 64, signal));
      const passes = (8 * 2 * test + train + 2 * test) * (await forwardMs(model, signal));
      return (drawing + training + passes) / 1000;
    },
  },
  {
    id: 'mnist-cnn',
    title: 'Training a CNN on the 60\u202f000 images of MNIST, 10 epochs',
    async seconds(signal) {
      const model = architecture('cnn', { channels: [32, 64], dense_dims: [256, 256] });
      return (10 * Math.ceil(60_000 / 128) * (await stepMs(model, 128, signal))) / 1000;
    },
  },
];
