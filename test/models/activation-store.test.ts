import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dataset } from '../../main/data/dataset.ts';
import { activationBatches, type PassOptions } from '../../main/models/activations.ts';
import { ActivationStore } from '../../main/models/activation-store.ts';
import { Network } from '../../main/models/network.ts';
import { ActivationCache } from '../../main/storage/activation-cache.ts';
import { startEngine, type EngineInfo } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { toyDataset } from '../data/toy-dataset.ts';
import { NetworkSource } from '../../main/models/network-source.ts';

const shape = [8, 8, 1] as const;
const options = {
  names: ['conv_layers.conv_0.output', 'mlp.layers.linear_0.output'],
  pooling: 'mean',
  batchSize: 16,
  logits: true,
} satisfies PassOptions;

let engine: EngineInfo;
let network: Network;
beforeAll(async () => {
  engine = await startEngine(engineUnderTest);
  network = convolutional(3);
});
afterAll(() => network.dispose());

function convolutional(seed: number): Network {
  return new Network({ architecture: { name: 'cnn', channels: [3, 4], kernel_size: 3, dense_dims: [5] }, inputShape: [...shape], classes: ['a', 'b', 'c'] }, seed); // prettier-ignore
}

let folder: string;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'activation-store-'));
  told = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Toy images that count how many samples were read. */
function counted(): Dataset & { reads: number } {
  const { recipe: _, ...data } = toyDataset(50, shape);
  const dataset = {
    ...data,
    reads: 0,
    read(indices: ArrayLike<number>, epoch: number) {
      dataset.reads += indices.length;
      return data.read(indices, epoch);
    },
  };
  return dataset;
}

async function passWith(
  asked: PassOptions,
  { on = network, data = toyDataset(50, shape), by = engine, stored = true } = {},
) {
  const cache = await ActivationCache.open({ folder, limit: 1e8, free: 0, tell: (message) => told.push(message) });
  const counts = { found: 0, computed: 0 };
  const store = stored ? await ActivationStore.of({ cache, counts }, new NetworkSource(on), by) : undefined;
  const batches = [];
  for await (const batch of activationBatches(new NetworkSource(on), data, { ...asked, store })) batches.push(batch);
  return { batches, counts };
}

describe('a pass with a store', () => {
  it('takes from an earlier one the bits that it would compute, and reads no samples', async () => {
    const plain = await passWith(options, { stored: false });
    const data = counted();
    const first = await passWith(options, { data });
    expect([first.counts, data.reads]).toEqual([{ found: 0, computed: 50 }, 50]);
    const second = await passWith(options, { data });
    expect([second.counts, data.reads]).toEqual([{ found: 50, computed: 0 }, 50]);
    expect(first.batches).toEqual(plain.batches);
    expect(second.batches).toEqual(plain.batches);
    expect(plain.batches.map(({ size }) => size)).toEqual([16, 16, 16, 2]);
    expect(told).toEqual([]);
  });

  it('reads the samples for those who look at them, and computes nothing', async () => {
    await passWith(options);
    const forward = vi.spyOn(network, 'activationsAndLogits');
    const { batches, counts } = await passWith({ ...options, inputs: true });
    expect(counts).toEqual({ found: 50, computed: 0 });
    expect(forward).not.toHaveBeenCalled();
    expect(batches).toEqual((await passWith({ ...options, inputs: true }, { stored: false })).batches);
  });

  it('computes only the layers that are not there', async () => {
    await passWith({ ...options, names: ['mlp.layers.linear_0.output'], logits: false });
    const forward = vi.spyOn(network, 'activations');
    const all = { ...options, names: ['mlp.layers.linear_0.output', 'conv_layers.conv_1.output'], logits: false };
    const { batches } = await passWith(all);
    expect(forward.mock.calls.map(([, names]) => names)).toEqual(Array(4).fill(['conv_layers.conv_1.output']));
    expect(batches).toEqual((await passWith(all, { stored: false })).batches);
    expect((await passWith(all)).counts).toEqual({ found: 50, computed: 0 });
  });

  it('computes again from the batch on in which a file is damaged, and says so', async () => {
    await passWith(options);
    const plain = (await passWith(options, { stored: false })).batches;
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const content = readFileSync(path);
      // In the hash of the third block, of four.
      content[content.length - 2 * 32 + 5]! ^= 4;
      content[content.length - 2 * 32 - 7]! ^= 4;
      writeFileSync(path, content);
      expect((await passWith(options)).batches).toEqual(plain);
      expect(told).toHaveLength(1);
      told = [];
      // That pass has removed it, this one writes it again.
      await passWith(options);
      expect((await passWith(options)).counts).toEqual({ found: 50, computed: 0 });
      expect(told).toEqual([]);
    }
  });

  it('keeps nothing of a pass that ends early or fails', async () => {
    const cache = await ActivationCache.open({ folder, limit: 1e8, free: 0, tell: () => undefined });
    const store = await ActivationStore.of(
      { cache, counts: { found: 0, computed: 0 } },
      new NetworkSource(network),
      engine,
    );
    for await (const _ of activationBatches(new NetworkSource(network), toyDataset(50, shape), { ...options, store }))
      break;
    expect(readdirSync(folder)).toEqual([]);
    const data = counted();
    const broken = { ...data, read: (indices: ArrayLike<number>) => ({ ...data.read(indices, 0), inputs: new Float32Array(indices.length * 64).fill(NaN) }) }; // prettier-ignore
    const pass = activationBatches(new NetworkSource(network), broken, { ...options, store });
    await expect(pass.next()).rejects.toMatchObject({ code: 'non-finite' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never takes what depends on anything else', async () => {
    await passWith(options);
    const other = network.clone();
    const bias = other.variables.get('mlp.layers.linear_0.bias')!;
    bias.assign(tf.add(bias, tf.tensor1d([1e-7, 0, 0, 0, 0])));
    const moved = convolutional(4);
    const others: [what: string, Parameters<typeof passWith>][] = [
      ['one weight', [options, { on: other }]],
      ['all weights', [options, { on: moved }]],
      ['samples', [options, { data: toyDataset(50, shape, 'others') }]],
      ['their order', [{ ...options, indices: Int32Array.from({ length: 50 }, (_, i) => 49 - i) }]],
      ['their number', [{ ...options, indices: Int32Array.from({ length: 48 }, (_, i) => i) }]],
      ['size of batches', [{ ...options, batchSize: 15 }]],
      ['layer', [{ ...options, names: ['conv_layers.conv_1.output'], logits: false }]],
      ['pooling', [{ ...options, names: ['conv_layers.conv_0.output'], logits: false, pooling: 'max' }]],
      ['engine', [options, { by: { ...engine, id: 'other' } }]],
      ['device', [options, { by: { ...engine, device: 'other' } }]],
      ['versions', [options, { by: { ...engine, versions: { ...engine.versions, kernels: 'other' } } }]],
    ];
    for (const [what, pass] of others) expect([what, (await passWith(...pass)).counts.found]).toEqual([what, 0]);
    other.dispose();
    moved.dispose();
  });

  it('takes it whatever changes no bits: pooling where there is nothing to pool, threads where they keep them', async () => {
    const dense = { ...options, names: ['mlp.layers.linear_0.output'] };
    await passWith(dense);
    expect((await passWith({ ...dense, pooling: 'max', tokens: 'none' })).counts.computed).toBe(0);
    const { threadsKeepBits: _, ...others } = engine;
    const [one, two] = [
      { ...others, id: 'threaded', threads: 1 },
      { ...others, id: 'threaded', threads: 2 },
    ];
    const keeping = (info: EngineInfo): EngineInfo => ({ ...info, threadsKeepBits: true });
    await passWith(dense, { by: keeping(one) });
    expect((await passWith(dense, { by: keeping(two) })).counts.found).toBe(50);
    await passWith(dense, { by: one });
    expect((await passWith(dense, { by: two })).counts.found).toBe(0);
  });
});
