import { choice, flag, integer, number } from '../../shared/schema/fields.ts';
import { defineDetector, doubles, type DetectorState, type LayerScores } from './detector.ts';
import { logisticRegression, sigmoid } from './logistic-regression.ts';
import { gatherRows } from './rows.ts';

/**
 * A linear probe that is told which untrusted samples are anomalous: logistic regression on the activations of each
 * layer, to convergence. It is no detection method but a skyline, the most that a linear detector could reach.
 *
 * The objective is scikit-learn's (`LogisticRegression`, L2), with its default C = 1; the seed library stops at that
 * package's loose default tolerance and takes one layer only.
 */
export const supervisedProbe = defineDetector({
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
      help: 'Scale every neuron to mean 0 and variance 1 before the regression, which changes what the penalty means',
      default: false,
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

  async fit({ layers, untrusted }, params, { stream }) {
    const rows = await gatherRows(untrusted!, layers, { limit: params.max_samples, random: stream, atLeast: 2 });
    const labels = Uint8Array.from(rows.positions, (position) => untrusted!.anomalous![position]!);
    const state: DetectorState = { tensors: {}, values: { score: params.score } };
    for (const { name, dims: d } of layers) {
      const { weights, intercept } = logisticRegression(rows.layers.get(name)!, labels, d, {
        c: params.C,
        standardise: params.scaler,
      });
      state.tensors[`${name}/weights`] = { shape: [d], data: weights };
      state.tensors[`${name}/intercept`] = { shape: [1], data: Float64Array.of(intercept) };
    }
    return state;
  },

  score(state, batch) {
    const scores: LayerScores = new Map();
    for (const [name, x] of batch.layers) {
      const weights = doubles(state, `${name}/weights`);
      const intercept = doubles(state, `${name}/intercept`)[0]!;
      const d = weights.length;
      const out = new Float64Array(batch.size);
      for (let row = 0; row < batch.size; row++) {
        let logOdds = intercept;
        for (let j = 0; j < d; j++) logOdds += x[row * d + j]! * weights[j]!;
        out[row] = state.values['score'] === 'log-odds' ? logOdds : sigmoid(logOdds);
      }
      scores.set(name, out);
    }
    return scores;
  },
});
