import { number } from '../../../shared/schema/fields.ts';
import { defineDetector, numberOf, outputLayer } from '../detector.ts';
import { logitsOf } from '../parts/predictions.ts';

/**
 * The free energy of the logits, `-T log sum_k exp(z_k / T)` (equation 4 of Liu et al.): higher for inputs unlike the
 * training data. Learns nothing; scores are under the name `output`.
 */
export const energy = defineDetector({
  id: 'energy',
  title: 'Energy',
  summary: "Free energy of the classifier's logits",
  source: 'Liu et al., NeurIPS 2020, arXiv 2010.03759',
  needs: { logits: true, layers: 0 },
  params: {
    temperature: number({
      label: 'Temperature',
      help: 'Divides the logits; 1 in the paper, where higher ones did worse',
      default: 1,
      min: 1e-3,
      max: 1e6,
    }),
  },

  fit: (_features, { temperature }) => Promise.resolve({ tensors: {}, values: { temperature } }),

  score(state, batch) {
    const temperature = numberOf(state, 'temperature');
    const logits = logitsOf(batch);
    const classes = logits.length / batch.size;
    const scores = new Float64Array(batch.size);
    for (let row = 0; row < batch.size; row++) {
      const z = logits.subarray(row * classes, (row + 1) * classes);
      const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
      let sum = 0;
      for (const value of z) sum += Math.exp((value - largest) / temperature);
      scores[row] = -largest - temperature * Math.log(sum);
    }
    return new Map([[outputLayer, scores]]);
  },
});
