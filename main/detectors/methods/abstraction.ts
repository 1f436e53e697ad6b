import * as tf from '@tensorflow/tfjs-core';
import { abstractionParams, abstractionScores } from '../parts/consistent-abstraction.ts';
import { defineDetector } from '../detector.ts';
import { abstractionMisfits, fitAbstraction } from '../parts/fit-abstraction.ts';
import { toTensors } from '../parts/linear-maps.ts';

/**
 * A small abstract model that computes alongside the network, joined to it by tau maps from each layer's activations to
 * the abstract layer's. Both are trained on trusted data so that what the abstract model predicts for a layer is what
 * the tau map makes of that layer; the score is how far they are apart.
 *
 * The seed library narrows the network's own architecture, convolutions included; here the abstract model works on the
 * activations as the detector gets them, pooled, with dense steps. For an mlp both are the same.
 */
export const abstraction = defineDetector({
  id: 'abstraction',
  title: 'Locally consistent abstraction',
  summary: 'How badly a small model, joined to the network layer by layer, predicts its activations',
  dependsOnScale: 'Its abstract model is trained on activations as they are, by steps of a fixed size.',
  source:
    'E. Jenner: Mechanistic anomaly detection with abstractions; ejnnr/cupbearer, detectors.LocallyConsistentAbstraction',
  needs: { trusted: true, inputs: true },
  params: abstractionParams,

  misfits: (params, layers, { network }) => (network ? abstractionMisfits(params, layers, network) : []),
  fit: fitAbstraction,

  async score({ tensors, values }, batch) {
    const weights = toTensors(tensors);
    try {
      return await abstractionScores(weights, values, batch);
    } finally {
      tf.dispose([...weights.values()]);
    }
  },
});
