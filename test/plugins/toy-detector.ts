import type { SampleBatch, SampleStream } from '../../main/plugins/plugin-process.ts';

/** A detector that scores by the squared distance to the trusted mean, as an author writes it. */
export const distanceToMean = `
import { defineLayerDetector, momentsByLayer, number, ofLayer } from 'cupbearer/plugin';

interface Spread { power: number }

export default defineLayerDetector({
  id: 'my-idea',
  title: 'My idea',
  summary: 'Distance to the trusted mean',
  needs: { trusted: true },
  params: { power: number({ label: 'Power', help: 'Of each difference', default: 2, min: 0, max: 10 }) },
  arrays: { mean: 'float64' },
  values: { power: 'number' },
  gather: ({ trusted, layers }) => momentsByLayer(trusted, layers, 1),
  keep: ({ power }: Spread) => ({ power }),
  fitLayer: (moments, { name, dims }) => ({
    mean: { shape: [dims], data: Float64Array.from(ofLayer(moments, name).mean) },
  }),
  scoreLayer: ({ mean }, { x, size, dims, values }) =>
    Float64Array.from({ length: size }, (_, i) =>
      mean.reduce((sum, value, j) => sum + Math.abs(x[i * dims + j] - value) ** values.power, 0),
    ),
});
`;

/** `[n, dims]` numbers that look drawn, at the layer "l". */
export function toyStream(n: number, dims: number, batchSize = 10): SampleStream {
  const x = Float32Array.from({ length: n * dims }, (_, i) => Math.sin(i * i));
  return {
    length: n,
    async *batches() {
      for (let at = 0; at < n; at += batchSize) {
        await Promise.resolve();
        yield batchOf(x.subarray(at * dims, Math.min(n, at + batchSize) * dims), dims, at);
      }
    },
  };
}

export function batchOf(x: Float32Array, dims: number, first = 0): SampleBatch {
  const size = x.length / dims;
  return {
    size,
    indices: Int32Array.from({ length: size }, (_, i) => first + i),
    labels: new Int32Array(size),
    layers: new Map([['l', x]]),
  };
}
