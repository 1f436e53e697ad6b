import { Network } from '../../main/models/network.ts';
import type { RunContext } from '../../main/runs/run-definition.ts';
import type { Task } from '../../main/tasks/task.ts';
import { toyDataset, upTo } from '../data/toy-dataset.ts';
import { NetworkSource } from '../../main/models/network-source.ts';
import { networkIn } from '../network-in.ts';

/**
 * A task in miniature: a seeded, untrained mlp with two hidden layers on random 4 x 4 images in three classes, 60
 * trusted samples, 48 untrusted ones of which every fourth is called anomalous, and 10 + 10 for testing. The anomalous
 * images are of another seed's making only in name: scores on this task mean nothing, they must only be well formed.
 */
export function toyTask(): Task {
  const data = toyDataset(128);
  const network = new Network(
    {
      architecture: { name: 'mlp', hidden_dims: [12, 8] },
      inputShape: data.shape,
      classes: data.classes,
    },
    3,
  );
  const part = (from: number, to: number) => ({
    dataset: data,
    indices: Int32Array.from(upTo(to - from), (i) => from + i),
  });
  return {
    source: new NetworkSource(network),
    trusted: part(0, 60),
    untrusted: { ...part(60, 108), anomalous: Uint8Array.from(upTo(48), (i) => (i % 4 === 0 ? 1 : 0)) },
    test: [
      { ...part(108, 118), anomalous: false },
      { ...part(118, 128), anomalous: true },
    ],
    parents: [],
    fingerprints: {},
  };
}

/** The toy task with hidden activations `scale` times as large, to the bit where it is a power of two, and the same logits. */
export async function scaledTask(scale: number): Promise<Task> {
  const task = toyTask();
  const state = await networkIn(task).state();
  const factors = {
    'layers.linear_0.weight': scale,
    'layers.linear_0.bias': scale,
    'layers.linear_1.bias': scale,
    'layers.linear_2.weight': 1 / scale,
  };
  for (const [name, factor] of Object.entries(factors)) {
    const { data } = state[name]!;
    for (let i = 0; i < data.length; i++) data[i]! *= factor;
  }
  networkIn(task).load(state, 'scaled');
  return task;
}

/** A run's context that keeps nothing and can be cancelled. */
export function toyContext(signal: AbortSignal = new AbortController().signal): RunContext {
  return {
    folder: '',
    dataDir: '',
    engine: { id: 'wasm', title: '', device: '', versions: {}, threads: 1 },
    resume: false,
    signal,
    progress: () => undefined,
    log: () => undefined,
  };
}
