import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { activationBatches } from '../../main/models/activations.ts';
import { Network } from '../../main/models/network.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { hasVectors, layers, vectors, withoutVectors } from './stored-vectors.ts';

const classes = Array.from({ length: 10 }, (_, i) => String(i));

describe.skipIf(!hasVectors)(`The peer's trained mlp${withoutVectors}`, () => {
  let network: Network;

  beforeAll(async () => {
    await startEngine('auto');
    const architecture = { name: 'mlp', hidden_dims: [128, 128] };
    network = new Network({ architecture, inputShape: [28, 28, 1], classes }, 0);
    const state: TensorMap = {};
    for (const { short } of layers)
      for (const part of ['weight', 'bias']) state[`layers.${short}.${part}`] = vectors(`model_${short}_${part}`);
    network.load(state, 'reference');
  });

  it.each(['trusted', 'untrusted', 'eval'])('has its activations on the %s images, to 1e-4', async (group) => {
    const pixels = vectors(`${group}_images`).data as Uint8Array;
    const labels = vectors(`${group}_labels`).data as Uint8Array;
    const images = imageDataset({ shape: [28, 28, 1], classes, pixels, labels }, group);
    const names = layers.map(({ name }) => name);
    let compared = 0;
    for await (const batch of activationBatches(network, images, { names, pooling: 'none', batchSize: 128 })) {
      for (const { short, name } of layers) {
        const stored = vectors(`${group}_${short}`);
        const dims = stored.shape[1]!;
        const expected = (stored.data as Float32Array).subarray(batch.indices[0]! * dims);
        batch.layers.get(name)!.forEach((value, i) => {
          if (!(Math.abs(value - expected[i]!) < 1e-4))
            expect.fail(`${name} of row ${batch.indices[0]! + Math.floor(i / dims)}: ${value}, not ${expected[i]}`);
          compared++;
        });
      }
    }
    expect(compared).toBe(labels.length * (128 + 128 + 10));
  });
});
