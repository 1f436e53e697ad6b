import * as tf from '@tensorflow/tfjs-core';
import type { ActivationBatch } from '../../models/activations.ts';
import type { Network } from '../../models/network.ts';
import { softmaxCrossEntropy } from '../../tensor/loss.ts';
import { read } from '../../tensor/read.ts';
import { defineDetector, networkOf, outputLayer } from '../detector.ts';
import { trainingParams, trainOn } from '../parts/gradient-training.ts';
import { inputsOf } from '../parts/predictions.ts';

/**
 * Trains a copy of the network further on the trusted data with their labels; the score is how far its predictions have
 * moved, `KL(softmax(original) || softmax(fine-tuned))`: behaviour that trusted data do not support is forgotten first.
 *
 * The seed library's code shows data to the first epoch only, and its usual evaluation puts the original weights back
 * before it scores, so that every score is 0. Here every epoch sees all data and the copy that was trained is scored.
 */
export const finetuning = defineDetector({
  id: 'finetuning',
  title: 'Fine-tuning',
  summary: 'How far predictions move when the network is trained further on trusted data',
  dependsOnScale: 'The network is trained on, by steps that are of a fixed size in its weights.',
  source: 'ejnnr/cupbearer, detectors.FinetuningAnomalyDetector',
  needs: { trusted: true, gradients: true, inputs: true, layers: 0 },
  params: trainingParams({ epochs: 1, batchSize: 128 }),

  async fit({ trusted }, params, context) {
    const copy = networkOf(context).clone();
    try {
      await trainOn(trusted, copy.variables, params, context, (batch) =>
        softmaxCrossEntropy(copy.forward(inputTensor(batch, copy)), tf.tensor1d(batch.labels, 'int32')),
      );
      return { tensors: await copy.state(), values: {} };
    } finally {
      copy.dispose();
    }
  },

  async score(state, batch, context) {
    const network = networkOf(context);
    const finetuned = network.clone();
    try {
      finetuned.load(state.tensors, "The detector's state");
      const logitsOf = (model: Network) => read(() => model.forward(inputTensor(batch, model)));
      const [original, moved] = [await logitsOf(network), await logitsOf(finetuned)];
      return new Map([[outputLayer, divergences(original, moved, network.spec.classes.length)]]);
    } finally {
      finetuned.dispose();
    }
  },
});

function inputTensor(batch: ActivationBatch, { spec }: Network): tf.Tensor {
  return tf.tensor(inputsOf(batch), [batch.size, ...spec.inputShape]);
}

/** `KL(softmax(p) || softmax(q))` in float64 of each row of logits `[n, classes]`, natural logarithm, 0 or more, `[n]`. */
export function divergences(p: Float32Array, q: Float32Array, classes: number): Float64Array {
  return Float64Array.from({ length: p.length / classes }, (_, row) => {
    const logP = logSoftmax(p.subarray(row * classes, (row + 1) * classes));
    const logQ = logSoftmax(q.subarray(row * classes, (row + 1) * classes));
    let sum = 0;
    // p log(p/q) - p + q: the same sum, but of terms of which none is negative, so that small divergences do not cancel.
    for (let c = 0; c < classes; c++) {
      const ratio = logQ[c]! - logP[c]!;
      const share = Math.exp(logP[c]!);
      // Where q is much the larger its ratio to p may be no number any more, and nothing cancels.
      sum += ratio > 1 ? Math.exp(logQ[c]!) - share * (1 + ratio) : share * (Math.expm1(ratio) - ratio);
    }
    return sum;
  });
}

function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return Float64Array.from(logits, (logit) => logit - largest - Math.log(sum));
}
