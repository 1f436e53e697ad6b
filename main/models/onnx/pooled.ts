import type { PoolingOptions } from '../pooling.ts';
import { sizeOf } from '../network-outline.ts';
import type { Shape } from '../modules.ts';

/**
 * Pools the activations of `size` samples of a `shape` with channels last; in `values` they may be first. Returns what a network of
 * the program would: `[size, dims]`.
 */
export function pooled(
  values: Float32Array,
  size: number,
  shape: Shape,
  isChannelsFirst: boolean,
  { pooling, tokens = 'last', token_position: position }: PoolingOptions,
): Float32Array {
  const channels = shape.at(-1) ?? 1;
  const positions = sizeOf(shape) / channels;
  const at = isChannelsFirst
    ? (n: number, p: number, c: number) => (n * channels + c) * positions + p
    : (n: number, p: number, c: number) => (n * positions + p) * channels + c;
  const how = shape.length === 3 ? pooling : shape.length === 2 ? (position === undefined ? tokens : 'one') : 'none';
  if (how === 'none' || how === 'each') {
    if (!isChannelsFirst) return values;
    const result = new Float32Array(values.length);
    let next = 0;
    for (let n = 0; n < size; n++)
      for (let p = 0; p < positions; p++) for (let c = 0; c < channels; c++) result[next++] = values[at(n, p, c)]!;
    return result;
  }
  const result = new Float32Array(size * channels);
  for (let n = 0; n < size; n++) {
    for (let c = 0; c < channels; c++) {
      const target = n * channels + c;
      if (how === 'mean') {
        let sum = 0;
        for (let p = 0; p < positions; p++) sum += values[at(n, p, c)]!;
        result[target] = sum / positions;
      } else if (how === 'max') {
        let most = values[at(n, 0, c)]!;
        // NaN is kept, so that it is found.
        for (let p = 1; p < positions && !Number.isNaN(most); p++)
          if (!(values[at(n, p, c)]! <= most)) most = values[at(n, p, c)]!;
        result[target] = most;
      } else result[target] = values[at(n, position ?? positions - 1, c)]!;
    }
  }
  return result;
}
