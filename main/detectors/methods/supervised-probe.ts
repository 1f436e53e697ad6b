import { choice, flag, integer, number } from '../../../shared/schema/fields.ts';
import { defineLayerDetector, vector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { logisticRegression, sigmoid } from '../parts/logistic-regression.ts';
import { gatherRows, takeRows } from '../parts/rows.ts';

/**
 * A linear probe that knows which untrusted samples are anomalous: logistic regression on the activations of each
 * layer, to convergence. It is no detection method but a skyline, the most that a linear detector could reach.
 *
 * The objective is scikit-learn's (`LogisticRegression`, L2), with its default C = 1; the seed library stops at that
 * package's loose default tolerance and takes one layer only.
 */
export const supervisedProbe = defineLayerDetector({
  id: 'supervised-probe',
  title: 'Supervised probe (skyline)',
  summary: 'Logistic regression on activations with the anomaly labels given',
  source: 'Alain & Bengio 2016, arXiv 1610.01644; ejnnr/cupbearer, detectors.SupervisedLinearProbe',
  needs: { untrusted: true, anomalyLabels: true },
  params: {
    C: number({
      label: 'C',
      help: 'Weight of the data against the penalty on large weights',
      default: 1,
      min: 1e-9,
      max: 1e9,
    }),
    scaler: flag({
      label: 'Standardise',
      help: 'Scale every neuron to mean 0 and variance 1 before the regression, so that the penalty does not depend on their units; the seed library does not',
      default: true,
    }),
    score: choice({
      label: 'Score',
      help: 'The probability of being anomalous, or its log odds, which do not saturate at 1',
      options: ['probability', 'log-odds'],
      default: 'probability',
    }),
    max_samples: integer({
      label: 'Most samples',
      help: 'Learns from a random part of the untrusted data where there is more: all of it is held in memory',
      unit: 'samples',
      default: 100_000,
      min: 2,
    }),
  },

  arrays: { weights: 'float64', intercept: 'float64' },
  values: { score: 'string' },

  async gather({ layers, untrusted }, { max_samples: limit }, { stream }) {
    const rows = await gatherRows(untrusted, layers, { limit, random: stream, atLeast: 2 });
    return { rows, labels: takeRows(untrusted.anomalous, 1, rows.positions) };
  },

  keep: ({ score }) => ({ score }),

  fitLayer({ rows, labels }, { name, dims }, { C: c, scaler: standardise }) {
    const { weights, intercept } = logisticRegression(ofLayer(rows.layers, name), labels, dims, { c, standardise });
    return { weights: vector(weights), intercept: vector(Float64Array.of(intercept)) };
  },

  scoreLayer({ weights, intercept }, { x, size, dims, values }) {
    return Float64Array.from({ length: size }, (_, row) => {
      let logOdds = intercept[0]!;
      for (let j = 0; j < dims; j++) logOdds += x[row * dims + j]! * weights[j]!;
      return values.score === 'log-odds' ? logOdds : sigmoid(logOdds);
    });
  },
});
