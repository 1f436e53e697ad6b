import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { array, batchOf, describeReference, expectNear, layerNames, shortName, type Group } from './reference-set.ts';

describeReference('the stored model', () => {
  beforeAll(async () => {
    await startEngine(engineUnderTest);
  });

  it.each(['trusted', 'untrusted', 'eval'] as const)(
    'gives the stored activations of the %s rows',
    async (group: Group) => {
      const weights = layerNames.map((layer) => array(`model_${shortName(layer)}_weight`));
      const widths = weights.map(({ shape }) => shape[0]!);
      const batch = batchOf(group);
      const [, ...sides] = array(`${group}_images`).shape;
      const network = new Network(
        {
          architecture: { name: 'mlp', hidden_dims: widths.slice(0, -1) },
          inputShape: [...sides, 1],
          classes: Array.from({ length: widths.at(-1) }, (_, i) => String(i)),
        },
        0,
      );
      const state = Object.fromEntries(
        layerNames.flatMap((layer, i) => [
          [layer.replace('.output', '.weight'), weights[i]!],
          [layer.replace('.output', '.bias'), array(`model_${shortName(layer)}_bias`)],
        ]),
      );
      network.load(state, 'the reference set');
      const seen = network.activations(tf.tensor(batch.inputs, [batch.size, ...sides, 1]), layerNames);
      for (const layer of layerNames) {
        expect(seen[layer]!.shape).toEqual([batch.size, widths[layerNames.indexOf(layer)]]);
        expectNear(await seen[layer]!.data(), batch.layers.get(layer)!, 1e-4);
      }
      tf.dispose(seen);
      network.dispose();
    },
  );
});
