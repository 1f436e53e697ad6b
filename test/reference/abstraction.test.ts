import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseParams } from '../../shared/schema/fields.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { abstraction } from '../../main/detectors/methods/abstraction.ts';
import type { DetectorContext, Features } from '../../main/detectors/detector.ts';
import { Network } from '../../main/models/network.ts';
import { writeTensorFile } from '../../main/storage/tensor-file.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import {
  evaluationBatch,
  expectedScores,
  hasReference,
  largestRelativeError,
  layerNames,
  referenceArray,
  shortName,
} from './trained-detectors.ts';

/** The peer's tau maps and abstract model by the names that a given abstraction has. */
function referenceWeights(): TensorMap {
  const tensors: TensorMap = {};
  for (const layer of layerNames) {
    for (const kind of ['weight', 'bias']) {
      tensors[`${layer}/step.${kind}`] = referenceArray(`lca_abstract_${shortName(layer)}_${kind}`);
      if (layer !== layerNames.at(-1)) {
        tensors[`${layer}/tau.${kind}`] = referenceArray(`lca_tau_${shortName(layer)}_${kind}`);
      }
    }
  }
  return tensors;
}

const folder = mkdtempSync(join(tmpdir(), 'cupbearer-reference-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!hasReference)('abstraction against the peer library (skipped without its numbers)', () => {
  beforeAll(() => startEngine(engineUnderTest));

  it.each([
    ['lca_local_l2', 'local'],
    ['lca_global_l2', 'global'],
  ])('scores as %s', async (entry, consistency) => {
    const expected = expectedScores(entry);
    const initial = join(folder, 'abstraction.safetensors');
    writeTensorFile(initial, referenceWeights());
    const params = { initial, num_epochs: 0, global_consistency: consistency === 'global' };
    const batch = evaluationBatch();
    const features: Features = {
      layers: layerNames.map((name) => ({ name, dims: batch.layers.get(name)!.length / batch.size })),
      trusted: { length: batch.size, batches: () => expect.unreachable('Given weights are scored as they are.') },
    };
    const network = new Network(
      {
        architecture: { name: 'mlp', hidden_dims: features.layers.slice(0, -1).map(({ dims }) => dims) },
        inputShape: [28, 28, 1],
        classes: Array.from({ length: features.layers.at(-1)!.dims }, (_, k) => String(k)),
      },
      0,
    );
    const context: DetectorContext = { network, stream: RandomStream.from(0, 'reference') };
    const state = await abstraction.fit(features, parseParams(abstraction.params, params) as never, context);
    const scores = await abstraction.score(state, batch, context);
    network.dispose();
    expect([...scores.keys()]).toEqual(layerNames);
    for (const layer of layerNames) {
      expect(largestRelativeError(scores.get(layer)!, expected.scores_float64[layer]!), layer).toBeLessThan(1e-6);
      expect(largestRelativeError(scores.get(layer)!, expected.scores[layer]!), layer).toBeLessThan(1e-3);
    }
  });
});
