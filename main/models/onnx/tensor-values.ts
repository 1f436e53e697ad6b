import type { OnnxTensor } from './runtime.ts';

/** Types of values that can be layers. */
export const layerTypes: readonly string[] = ['float32', 'float16', 'float64', 'uint8', 'int8'];

/** The numbers of a tensor as float32; quantised ones as the whole numbers that they are. */
export function toFloats({ type, data }: OnnxTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, fromHalf);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data);
}

/** The number with these bits as float16 (IEEE 754 binary16). */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
