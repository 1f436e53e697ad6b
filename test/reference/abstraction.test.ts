import { beforeAll, describe, expect, it } from 'vitest';
import { abstraction } from '../../main/detectors/abstraction.ts';
import type { DetectorContext, DetectorState } from '../../main/detectors/detector.ts';
import { startEngine } from '../../main/tensor/engine.ts';
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

/** The peer's tau maps and abstract model as a state of ours. */
function referenceState(isGlobal: boolean): DetectorState {
  const state: DetectorState = {
    tensors: {},
    values: {
      layers: JSON.stringify(layerNames),
      output: layerNames.at(-1),
      layer_loss: 'l2',
      output_loss: 'l2',
      single_class: 0,
      layer_weight: 1,
      output_weight: 1,
      global_consistency: isGlobal ? 1 : 0,
    },
  };
  for (const layer of layerNames) {
    for (const kind of ['weight', 'bias']) {
      state.tensors[`${layer}/step.${kind}`] = referenceArray(`lca_abstract_${shortName(layer)}_${kind}`);
      if (layer !== layerNames.at(-1)) {
        state.tensors[`${layer}/tau.${kind}`] = referenceArray(`lca_tau_${shortName(layer)}_${kind}`);
      }
    }
  }
  return state;
}

describe.skipIf(!hasReference)('abstraction against the peer library (skipped without its numbers)', () => {
  beforeAll(() => startEngine(engineUnderTest));

  it.each([
    ['lca_local_l2', 'local'],
    ['lca_global_l2', 'global'],
  ])('scores as %s', async (entry, consistency) => {
    const expected = expectedScores(entry);
    const state = referenceState(consistency === 'global');
    const scores = await abstraction.score(state, evaluationBatch(), undefined as unknown as DetectorContext);
    expect([...scores.keys()]).toEqual(layerNames);
    for (const layer of layerNames) {
      expect(largestRelativeError(scores.get(layer)!, expected.scores_float64[layer]!), layer).toBeLessThan(1e-6);
      expect(largestRelativeError(scores.get(layer)!, expected.scores[layer]!), layer).toBeLessThan(1e-3);
    }
  });
});
