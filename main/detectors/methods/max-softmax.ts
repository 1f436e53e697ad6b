import { defineDetector, outputLayer } from '../detector.ts';
import { logitsOf } from '../parts/predictions.ts';

/**
 * One minus the largest softmax probability, the baseline of Hendrycks and Gimpel (their score is the probability itself,
 * high for normal inputs). Computed as the sum of the other classes' shares, so that confident predictions, whose
 * probability rounds to 1, keep their order. Learns nothing; scores are under the name `output`.
 *
 * Backdoored inputs are as a rule predicted with *more* confidence than clean ones, so an AUROC far below 0.5 is what to
 * expect there.
 */
export const maxSoftmax = defineDetector({
  id: 'max-softmax',
  title: 'Maximum softmax probability',
  summary: 'How unsure the classifier is of its prediction',
  source: 'Hendrycks & Gimpel, ICLR 2017, arXiv 1610.02136',
  needs: { logits: true, layers: 0 },
  params: {},

  fit: () => Promise.resolve({ tensors: {}, values: {} }),

  score(_state, batch) {
    const logits = logitsOf(batch);
    const classes = logits.length / batch.size;
    const scores = new Float64Array(batch.size);
    for (let row = 0; row < batch.size; row++) {
      const z = logits.subarray(row * classes, (row + 1) * classes);
      const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
      const first = z.indexOf(largest);
      let others = 0;
      for (let k = 0; k < classes; k++) if (k !== first) others += Math.exp(z[k]! - largest);
      scores[row] = others / (1 + others);
    }
    return new Map([[outputLayer, scores]]);
  },
});
