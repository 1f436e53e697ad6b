/** How numbers of a stored array become float32; always little-endian in the file. */
export interface FloatType {
  /** NumPy's name in a `.npy` header; undefined if NumPy has no such type. */
  readonly npy: string | undefined;
  /** The name in a safetensors header. */
  readonly safetensors: string;
  /** Bytes of an element in the file. */
  readonly bytes: number;
  /**
   * Writes `count` elements to `target` from `at` on. They begin at byte `from` of `source`, whose own beginning is
   * aligned for 8 bytes; `from` is a multiple of the element's size.
   */
  readonly widen: (source: Uint8Array, from: number, count: number, target: Float32Array, at: number) => void;
}

type Numbers =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

function viewed(array: new (buffer: ArrayBufferLike, from: number, count: number) => Numbers): FloatType['widen'] {
  return (source, from, count, target, at) => target.set(new array(source.buffer, source.byteOffset + from, count), at);
}

/** Whole numbers of 64 bits from their halves: the nearest float64, then the nearest float32. */
function wide(isSigned: boolean): FloatType['widen'] {
  return (source, from, count, target, at) => {
    const halves = new Uint32Array(source.buffer, source.byteOffset + from, 2 * count);
    for (let i = 0; i < count; i++) {
      const high = halves[2 * i + 1]!;
      target[at + i] = (isSigned ? high | 0 : high) * 2 ** 32 + halves[2 * i]!;
    }
  };
}

/** Numbers of 16 bits that a table has the float32 bits of. It is made when the first such file is read. */
function wideTable(bitsOf: (code: number) => number): FloatType['widen'] {
  let table: Uint32Array | undefined;
  return (source, from, count, target, at) => {
    table ??= Uint32Array.from({ length: 2 ** 16 }, (_, code) => bitsOf(code));
    const codes = new Uint16Array(source.buffer, source.byteOffset + from, count);
    // Written as bits: a NaN keeps its payload.
    const bits = new Uint32Array(target.buffer, target.byteOffset + 4 * at, count);
    for (let i = 0; i < count; i++) bits[i] = table[codes[i]!]!;
  };
}

/** The same of 8 bits. One function for both would be compiled for either kind of array, and take half as long again. */
function byteTable(bitsOf: (code: number) => number): FloatType['widen'] {
  let table: Uint32Array | undefined;
  return (source, from, count, target, at) => {
    table ??= Uint32Array.from({ length: 2 ** 8 }, (_, code) => bitsOf(code));
    const bits = new Uint32Array(target.buffer, target.byteOffset + 4 * at, count);
    for (let i = 0; i < count; i++) bits[i] = table[source[from + i]!]!;
  };
}

/** The float32 bits of a float16 (IEEE 754 binary16): five bits of exponent, ten of fraction. */
export function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Below the smallest normal number, fractions of 2^-24: as many bits as lead to the first 1 are shifted out.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
}

const floatBits = new Uint32Array(1);
const floatValue = new Float32Array(floatBits.buffer);

function bitsOf(value: number): number {
  floatValue[0] = value;
  return floatBits[0]!;
}

/** The float32 bits of an 8-bit number with a sign, `exponentBits` and the rest fraction; all values are exact. */
function small(exponentBits: number, bias: number, isNaN: (code: number) => boolean): (code: number) => number {
  const fractionBits = 7 - exponentBits;
  return (code) => {
    if (isNaN(code)) return 0x7fc00000;
    const exponent = (code & 127) >> fractionBits;
    const fraction = (code & (2 ** fractionBits - 1)) / 2 ** fractionBits;
    const size = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
    return bitsOf(code > 127 ? -size : size);
  };
}

/**
 * The element types that activations are read in. 8-bit floats as in "FP8 Formats for Deep Learning" (Micikevicius et
 * al. 2022: E4M3 has no infinity, E5M2 is the upper half of a float16), their FNUZ variants (Noune et al. 2022: one
 * zero, the code 0x80 is NaN) and the powers of two of the OCP microscaling formats (E8M0).
 */
export const floatTypes: readonly FloatType[] = [
  { npy: '<f4', safetensors: 'F32', bytes: 4, widen: viewed(Float32Array) },
  { npy: '<f8', safetensors: 'F64', bytes: 8, widen: viewed(Float64Array) },
  { npy: '<f2', safetensors: 'F16', bytes: 2, widen: wideTable(fromHalf) },
  { npy: undefined, safetensors: 'BF16', bytes: 2, widen: wideTable((code) => code << 16) },
  {
    npy: undefined,
    safetensors: 'F8_E4M3',
    bytes: 1,
    widen: byteTable(small(4, 7, (code) => (code & 127) === 127)),
  },
  { npy: undefined, safetensors: 'F8_E5M2', bytes: 1, widen: byteTable((code) => fromHalf(code << 8)) },
  {
    npy: undefined,
    safetensors: 'F8_E4M3FNUZ',
    bytes: 1,
    widen: byteTable(small(4, 8, (code) => code === 128)),
  },
  {
    npy: undefined,
    safetensors: 'F8_E5M2FNUZ',
    bytes: 1,
    widen: byteTable(small(5, 16, (code) => code === 128)),
  },
  {
    npy: undefined,
    safetensors: 'F8_E8M0',
    bytes: 1,
    widen: byteTable((code) => (code === 255 ? 0x7fc00000 : bitsOf(2 ** (code - 127)))),
  },
  { npy: '|i1', safetensors: 'I8', bytes: 1, widen: viewed(Int8Array) },
  { npy: '|u1', safetensors: 'U8', bytes: 1, widen: viewed(Uint8Array) },
  { npy: '|b1', safetensors: 'BOOL', bytes: 1, widen: viewed(Uint8Array) },
  { npy: '<i2', safetensors: 'I16', bytes: 2, widen: viewed(Int16Array) },
  { npy: '<u2', safetensors: 'U16', bytes: 2, widen: viewed(Uint16Array) },
  { npy: '<i4', safetensors: 'I32', bytes: 4, widen: viewed(Int32Array) },
  { npy: '<u4', safetensors: 'U32', bytes: 4, widen: viewed(Uint32Array) },
  { npy: '<i8', safetensors: 'I64', bytes: 8, widen: wide(true) },
  { npy: '<u8', safetensors: 'U64', bytes: 8, widen: wide(false) },
];
