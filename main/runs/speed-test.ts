import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { SpeedReport } from '../../shared/domain/engine.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { given } from '../../shared/given.ts';
import { gradientStep } from '../models/gradient-step.ts';
import { Network } from '../models/network.ts';
import { specFor } from '../models/network-outline.ts';
import { createOptimizer } from '../models/optimizers/index.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import { inputTensor, range } from '../models/batches.ts';
import { startEngine } from '../tensor/engine.ts';
import { MomentAccumulator } from '../tensor/linalg/moments.ts';
import { symmetricEigen } from '../tensor/linalg/symmetric-eigen.ts';
import { softmaxCrossEntropy } from '../tensor/loss.ts';
import { RandomStream } from '../tensor/random.ts';
import { read } from '../tensor/read.ts';
import { adamSpec, architecture, noiseImages, presets } from './speed-presets.ts';

type Measurement = SpeedReport['measurements'][number];

interface SpeedTestOptions {
  signal?: AbortSignal;
  /** What is measured now, and how many of all parts are done. */
  progress?: (done: number, total: number, what: string) => void;
}

interface Prepared {
  action: () => Promise<void> | void;
  dispose?: () => void;
}

interface Part extends Pick<Measurement, 'id' | 'title' | 'flops'> {
  /** Sets up. Returns what is timed and how to clean up. */
  prepare(): Prepared;
}

const matMulSide = 1024;
const [covarianceRows, covarianceColumns] = [5_000, 1024];
const eigenSide = 512;

const parts: readonly Part[] = [
  {
    id: 'matmul',
    title: `Matrix product ${matMulSide} x ${matMulSide} x ${matMulSide}, float32`,
    // A multiplication and an addition are two.
    flops: 2 * matMulSide ** 3,
    prepare() {
      const matrix = (name: string) => tf.tensor2d(normal(name, matMulSide ** 2), [matMulSide, matMulSide]);
      const [a, b] = [matrix('a'), matrix('b')] as const;
      // Reads one number of the product, so that timing ends when the engine has it, not when everything is copied.
      const action = async () => void (await readCorner(() => tf.matMul(a, b)));
      return { action, dispose: () => tf.dispose([a, b]) };
    },
  },
  {
    id: 'mlp-step',
    title: 'Training step (Adam) of an MLP 784-256-256-10, 128 samples',
    prepare: () => trainingStep(architecture('mlp', { hidden_dims: [256, 256] })),
  },
  {
    id: 'cnn-step',
    title: 'Training step (Adam) of a CNN with 32 and 64 channels, 128 images 28 x 28',
    prepare: () => trainingStep(architecture('cnn', { channels: [32, 64], dense_dims: [256, 256] })),
  },
  {
    id: 'covariance',
    title: `Covariance of ${covarianceRows} x ${covarianceColumns}, float64`,
    flops: covarianceRows * covarianceColumns ** 2,
    prepare() {
      const size = 1000;
      const rows = normal('rows', size * covarianceColumns);
      return {
        action() {
          const moments = new MomentAccumulator(covarianceColumns);
          for (let done = 0; done < covarianceRows; done += size) moments.update(rows, size);
          moments.covariance();
        },
      };
    },
  },
  {
    id: 'eigh',
    title: `Eigenpairs of a symmetric ${eigenSide} x ${eigenSide} matrix, float64`,
    prepare() {
      const half = normal('matrix', eigenSide ** 2);
      const matrix = Float64Array.from(
        half,
        (value, k) => value + half[(k % eigenSide) * eigenSide + Math.floor(k / eigenSide)]!,
      );
      return { action: () => void symmetricEigen(matrix, eigenSide) };
    },
  },
];

/** No part is timed for longer than this once it was done three times, milliseconds. */
const budgetMs = 1500;
const mostRepeats = 50;

/**
 * Starts an engine, measures how fast it is and estimates how long whole jobs would take. Takes about ten seconds on a
 * usual machine and keeps the processor busy, so call it in a compute process.
 * @throws CupbearerError as `startEngine`; `cancelled`.
 */
export async function speedTest(engineId: string, options: SpeedTestOptions = {}): Promise<SpeedReport> {
  const engine = await startEngine(engineId);
  const total = parts.length + presets.length;
  const report: SpeedReport = { engine, measuredAt: new Date().toISOString(), measurements: [], presets: [] };
  for (const part of parts) {
    checkNotCancelled(options.signal, 'The speed test');
    options.progress?.(report.measurements.length, total, part.title);
    report.measurements.push(await measure(part, options.signal));
  }
  for (const preset of presets) {
    const { id, title } = preset;
    checkNotCancelled(options.signal, 'The speed test');
    options.progress?.(parts.length + report.presets.length, total, title);
    report.presets.push({ id, title, seconds: await preset.seconds(options.signal) });
  }
  options.progress?.(total, total, '');
  return report;
}

async function measure(part: Part, signal: AbortSignal | undefined): Promise<Measurement> {
  const prepared = part.prepare();
  const { id, title, flops } = part;
  try {
    // Lets shaders and machine code be compiled and memory be allocated first.
    await prepared.action();
    const times: number[] = [];
    const end = performance.now() + budgetMs;
    while (times.length < mostRepeats && (times.length < 3 || performance.now() < end)) {
      checkNotCancelled(signal, 'The speed test');
      const start = performance.now();
      await prepared.action();
      times.push(performance.now() - start);
      await setImmediate();
    }
    const ms = times.sort((a, b) => a - b)[times.length >> 1]!;
    const speed = flops === undefined ? undefined : (1000 * flops) / ms;
    return { id, title, ms, repeats: times.length, ...given({ flops: speed }) };
  } finally {
    prepared.dispose?.();
  }
}

function trainingStep(model: Picked): Prepared {
  const data = noiseImages([28, 28, 1], 128);
  const batch = data.read(range(data.length), 0);
  const network = new Network(specFor(model, data), 0);
  const optimizer = createOptimizer(adamSpec());
  const x = inputTensor(batch, data);
  const labels = tf.tensor1d(batch.labels, 'int32');
  let step = 0;
  return {
    async action() {
      await gradientStep(network.variables, optimizer, { epoch: 1, step: ++step }, () =>
        softmaxCrossEntropy(network.forward(x, { training: true }), labels),
      );
    },
    dispose() {
      tf.dispose([x, labels]);
      optimizer.dispose();
      network.dispose();
    },
  };
}

async function readCorner(compute: () => tf.Tensor2D): Promise<number> {
  return (await read(() => tf.slice(compute(), [0, 0], [1, 1])))[0]!;
}

/** n random float32 values of mean 0 and variance 1. */
function normal(name: string, n: number): Float32Array {
  const stream = RandomStream.from(0, 'speed-test', name);
  return Float32Array.from({ length: n }, () => stream.normal());
}
