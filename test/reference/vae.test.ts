import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorContext, DetectorState } from '../../main/detectors/detector.ts';
import { vae, vaeParts } from '../../main/detectors/methods/vae.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { read } from '../../main/tensor/read.ts';
import { engineTolerance, engineUnderTest } from '../engine-under-test.ts';
import {
  evaluationBatch,
  expectedScores,
  hasReference,
  largestRelativeError,
  layerNames,
  referenceArray,
  shortName,
} from './trained-detectors.ts';

/** The peer's weights as a state of ours that does not scale its inputs. */
function referenceState(kldWeight: number): DetectorState {
  const state: DetectorState = { tensors: {}, values: { kld_weight: kldWeight, compat: 1 } };
  for (const layer of layerNames) {
    for (const part of ['encoder.0', 'encoder.2', 'decoder.0', 'decoder.2']) {
      for (const kind of ['weight', 'bias']) {
        const file = `vae_${shortName(layer)}_${part.replace('.', '_')}_${kind}`;
        state.tensors[`${layer}/${part}.${kind}`] = referenceArray(file);
      }
    }
    const d = state.tensors[`${layer}/decoder.2.bias`]!.data.length;
    state.tensors[`${layer}/mean`] = { shape: [d], data: new Float64Array(d) };
    state.tensors[`${layer}/scale`] = { shape: [d], data: new Float64Array(d).fill(1) };
  }
  return state;
}

const parts: [entry: string, kldWeight: number][] = [
  ['vae_kld_weight_0_no_noise', 0],
  ['vae_kld_weight_1_no_noise', 1],
];

describe.skipIf(!hasReference)('vae against the peer library (skipped without its numbers)', () => {
  beforeAll(() => startEngine(engineUnderTest));

  it.each(parts)('scores as %s', async (entry, weight) => {
    const expected = expectedScores(entry);
    const scores = await vae.score(referenceState(weight), evaluationBatch(), undefined as unknown as DetectorContext);
    for (const layer of layerNames) {
      expect(largestRelativeError(scores.get(layer)!, expected.scores_float64[layer]!), layer).toBeLessThan(
        engineTolerance,
      );
      expect(largestRelativeError(scores.get(layer)!, expected.scores[layer]!), layer).toBeLessThan(1e-3);
    }
  });

  it.each(parts)('has the parts of %s', async (entry, weight) => {
    const expected = expectedScores(entry);
    const batch = evaluationBatch();
    for (const layer of layerNames) {
      const partsOf = () => vaeParts(referenceState(weight), layer, batch.layers.get(layer)!);
      const reconstruction = await read(() => partsOf().reconstruction);
      expect(largestRelativeError(reconstruction, expected.reconstruction_loss![layer]!), layer).toBeLessThan(1e-3);
      const divergence = await read(() => partsOf().divergence);
      expect(largestRelativeError(divergence, expected.kld![layer]!), layer).toBeLessThan(1e-3);
    }
  });
});
