import { accumulate, ColumnMoments, defineLayerDetector, number, ofLayer, vector } from 'cupbearer/plugin';

/** What it learns of trusted activations, and how unusual it finds others. */
export default defineLayerDetector({
  id: 'PLUGIN_ID',
  title: 'PLUGIN_TITLE',
  summary: 'Distance to the mean of the trusted activations, each dimension in its own standard deviations',
  source: 'Where the method comes from: a paper, with equation or section',
  needs: { trusted: true },
  params: {
    power: number({ label: 'Power', help: 'Exponent of the deviations', default: 2, min: 1, max: 10 }),
  },

  arrays: { mean: 'float64', deviation: 'float64' },
  values: { power: 'number' },

  // One pass over the data for all layers: x is [size, dims], row by row.
  gather: ({ layers, trusted }) =>
    accumulate(
      trusted,
      layers,
      (dims) => new ColumnMoments(dims),
      ({ size }) =>
        (moments, x) =>
          moments.update(x, size),
    ),
  keep: ({ power }) => ({ power }),

  fitLayer(gathered, { name }) {
    const moments = ofLayer(gathered, name);
    const deviation = moments.variance().map((variance) => Math.sqrt(variance) || 1);
    return { mean: vector(moments.mean), deviation: vector(deviation) };
  },

  // One score a sample; higher is more anomalous.
  scoreLayer: ({ mean, deviation }, { x, size, dims, values }) =>
    Float64Array.from({ length: size }, (_, i) => {
      let sum = 0;
      for (let d = 0; d < dims; d++) sum += (Math.abs(x[i * dims + d]! - mean[d]!) / deviation[d]!) ** values.power;
      return sum / dims;
    }),
});
