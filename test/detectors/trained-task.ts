import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parseParams } from '../../shared/schema/fields.ts';
import type { DetectorContext, DetectorDefinition, DetectorState, Features } from '../../main/detectors/detector.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { Network } from '../../main/models/network.ts';
import { readTensorFile, writeTensorFile } from '../../main/storage/tensor-file.ts';
import { RandomStream } from '../../main/tensor/random.ts';

/** A small untrained network, trusted inputs that vary in few directions, and anomalous ones that vary in others. */
interface ToyTask {
  network: Network;
  trusted: ToyBatch;
  anomalous: ToyBatch;
}

type ToyBatch = ActivationBatch & Required<Pick<ActivationBatch, 'inputs'>>;

const classes = ['a', 'b', 'c'];

export async function toyTask({ samples = 300, seed = 5, hidden = [12, 8] } = {}): Promise<ToyTask> {
  const network = new Network(
    { architecture: { name: 'mlp', hidden_dims: hidden }, inputShape: [4, 4, 1], classes },
    seed,
  );
  const random = RandomStream.from(seed, 'toy');
  const directions = Float64Array.from({ length: 6 * 16 }, () => random.normal());
  const make = (first: number, count: number): Promise<ToyBatch> => {
    const inputs = new Float32Array(count * 16);
    for (let row = 0; row < count; row++) {
      for (let k = first; k < first + 3; k++) {
        const factor = random.normal();
        for (let j = 0; j < 16; j++) inputs[row * 16 + j]! += factor * directions[k * 16 + j]!;
      }
    }
    return withActivations(network, inputs, count);
  };
  return { network, trusted: await make(0, samples), anomalous: await make(3, 60) };
}

async function withActivations(network: Network, inputs: Float32Array, size: number): Promise<ToyBatch> {
  const seen = network.activations(tf.tensor(inputs, [size, 4, 4, 1]), network.defaultActivations);
  const layers = new Map<string, Float32Array>();
  for (const name of network.defaultActivations) layers.set(name, await seen[name]!.data<'float32'>());
  tf.dispose(seen);
  const logits = layers.get(network.defaultActivations.at(-1))!;
  const labels = Int32Array.from({ length: size }, (_, row) => {
    const own = [...logits.subarray(row * 3, row * 3 + 3)];
    return own.indexOf(Math.max(...own));
  });
  return { size, inputs, labels, indices: Int32Array.from({ length: size }, (_, i) => i), layers };
}

/** The batch as a stream that comes in pieces of `batchSize`. */
function toyFeatures({ network, trusted }: ToyTask, batchSize = 64): Features {
  return {
    layers: [...trusted.layers].map(([name, data]) => ({ name, dims: data.length / trusted.size })),
    trusted: {
      length: trusted.size,
      async *batches() {
        for (let start = 0; start < trusted.size; start += batchSize) {
          const size = Math.min(batchSize, trusted.size - start);
          const part = <T extends Float32Array | Int32Array>(data: T): T => {
            const width = data.length / trusted.size;
            return data.slice(start * width, (start + size) * width) as T;
          };
          yield {
            size,
            inputs: part(trusted.inputs),
            labels: part(trusted.labels),
            indices: part(trusted.indices),
            layers: new Map(network.defaultActivations.map((name) => [name, part(trusted.layers.get(name)!)])),
          };
        }
      },
    },
  };
}

export function toyContext({ network }: ToyTask, seed = 0, signal?: AbortSignal): DetectorContext {
  return { network, stream: RandomStream.from(seed, 'detector'), ...(signal ? { signal } : {}) };
}

/** Fits a detector on the toy task with `params` in place of its defaults. */
export async function fitToy(
  detector: DetectorDefinition,
  task: ToyTask,
  params: object = {},
  options: { seed?: number; batchSize?: number; signal?: AbortSignal } = {},
): Promise<DetectorState> {
  const features = toyFeatures(task, options.batchSize);
  const parsed = parseParams(detector.params, params) as never;
  return detector.fit(features, parsed, toyContext(task, options.seed, options.signal));
}

export async function scoreToy(
  detector: DetectorDefinition,
  task: ToyTask,
  state: DetectorState,
  batch: ActivationBatch,
) {
  return detector.score(state, batch, toyContext(task));
}

/** Features without a single trusted sample. */
export function emptyFeatures(task: ToyTask): Features {
  return { layers: toyFeatures(task).layers, trusted: { length: 0, async *batches() {} } };
}

/** The state as it comes back from a file. */
export function reloaded(state: DetectorState): DetectorState {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-toy-'));
  try {
    const file = join(folder, 'detector.safetensors');
    writeTensorFile(file, state.tensors, { values: JSON.stringify(state.values) });
    const { tensors, metadata } = readTensorFile(file);
    return { tensors, values: JSON.parse(metadata['values']!) as DetectorState['values'] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
