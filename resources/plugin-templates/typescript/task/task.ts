import { defineModelTask, fingerprint, integer, type RandomStream } from 'cupbearer/plugin';

const inputs = 16;

/** Some signals [count, 16], row by row; with a pulse in the middle if they are anomalous. */
function signals(stream: RandomStream, count: number, pulse: number): Float32Array {
  return Float32Array.from({ length: count * inputs }, (_, k) => {
    const at = k % inputs;
    return stream.normal() + (at >= 4 && at < 7 ? pulse : 0);
  });
}

/** max(0, x · weights) of rows of `width` numbers. */
function layer(x: Float32Array, weights: Float32Array, width: number): Float32Array {
  const from = weights.length / width;
  const out = new Float32Array((x.length / from) * width);
  for (let k = 0; k < out.length; k++) {
    const [row, column] = [Math.floor(k / width), k % width];
    let sum = 0;
    for (let j = 0; j < from; j++) sum += x[row * from + j]! * weights[j * width + column]!;
    out[k] = Math.max(0, sum);
  }
  return out;
}

/** A task: a model, data that are known to be normal, and test data in which the anomalous ones must be found. */
export default defineModelTask({
  id: 'PLUGIN_ID',
  title: 'PLUGIN_TITLE',
  summary: 'A random network that watches signals with and without a pulse',
  source: 'Where the model comes from',
  anomalous: 'With a pulse',
  normal: 'Noise alone',
  threat: 'Nobody attacks: the anomalous samples have a pulse that the trusted ones lack.',
  params: { width: integer({ label: 'Width', help: 'Neurons of each layer', default: 32, min: 1, max: 4096 }) },

  open({ width }, { stream }) {
    const weights = (name: string, from: number) => {
      const random = stream.derive(name);
      return Float32Array.from({ length: from * width }, () => random.normal() / Math.sqrt(from));
    };
    const [first, second] = [weights('first', inputs), weights('second', width)];
    const test = [...signals(stream.derive('normal'), 100, 0), ...signals(stream.derive('pulse'), 100, 3)];
    const data = { trusted: signals(stream.derive('trusted'), 500, 0), test: Float32Array.from(test) };
    const labels = Uint8Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : 1));
    const bytes = (values: Float32Array) => new Uint8Array(values.buffer);
    return {
      layers: [
        { name: 'first', shape: [width] },
        { name: 'second', shape: [width] },
      ],
      parts: {
        trusted: { length: 500, fingerprint: fingerprint(bytes(data.trusted)) },
        test: { length: 200, labels, fingerprint: fingerprint(bytes(data.test)) },
      },
      fingerprint: fingerprint(bytes(first), bytes(second)),
      // Some samples of a part, in this order; activations of the layers asked for, row by row.
      activations(part, indices) {
        const all = part === 'test' ? data.test : data.trusted;
        const x = new Float32Array(indices.length * inputs);
        indices.forEach((index, i) => x.set(all.subarray(index * inputs, (index + 1) * inputs), i * inputs));
        const low = layer(x, first, width);
        return {
          layers: new Map([
            ['first', low],
            ['second', layer(low, second, width)],
          ]),
        };
      },
    };
  },
});
