import { wireField } from '../../../main/models/onnx/wire.ts';

const text = (value: string) => Buffer.from(value);

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.of(...bytes, Number(rest));
    bytes.push(Number(rest & 127n) + 128);
  }
}

/** A field that holds a number. */
export const numberField = (number: number, value: number) => Buffer.concat([varint(number * 8), varint(value)]);

type Attribute = number | readonly number[];

/** An operation: its kind, what it reads and makes, and its whole-number attributes. */
export interface NodeOf {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, Attribute>>;
  domain?: string;
}

function nodeBytes({ operator, inputs, outputs, attributes = {}, domain }: NodeOf): Uint8Array {
  return Buffer.concat([
    ...inputs.map((name) => wireField(1, text(name))),
    ...outputs.map((name) => wireField(2, text(name))),
    wireField(4, text(operator)),
    ...Object.entries(attributes).map(([name, value]) => wireField(5, attributeBytes(name, value))),
    ...(domain === undefined ? [] : [wireField(7, text(domain))]),
  ]);
}

function attributeBytes(name: string, value: Attribute): Uint8Array {
  const values = typeof value === 'number' ? [numberField(3, value)] : value.map((each) => numberField(8, each));
  return Buffer.concat([wireField(1, text(name)), ...values, numberField(20, typeof value === 'number' ? 2 : 7)]);
}

/** A tensor of float32, in the file or, where `location` is given, in another. */
export function tensorBytes(
  name: string,
  shape: readonly number[],
  values: Float32Array | undefined,
  location?: string,
): Uint8Array {
  const entry = (key: string, value: string) =>
    wireField(13, Buffer.concat([wireField(1, text(key)), wireField(2, text(value))]));
  return Buffer.concat([
    ...shape.map((size) => numberField(1, size)),
    numberField(2, 1),
    wireField(8, text(name)),
    ...(values ? [wireField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))] : []),
    ...(location === undefined ? [] : [entry('location', location), numberField(14, 1)]),
  ]);
}

/** An input or output of float32, or of the type with another number. */
export function valueBytes(name: string, shape: readonly (number | string)[], type = 1): Uint8Array {
  const axes = shape.map((size) =>
    wireField(1, typeof size === 'number' ? numberField(1, size) : wireField(2, text(size))),
  );
  return Buffer.concat([
    wireField(1, text(name)),
    wireField(2, wireField(1, Buffer.concat([numberField(1, type), wireField(2, Buffer.concat(axes))]))),
  ]);
}

/** A whole ONNX file of operator set 17. */
export function onnxBytes(parts: {
  nodes: readonly NodeOf[];
  inputs: readonly Uint8Array[];
  outputs: readonly Uint8Array[];
  weights?: readonly Uint8Array[];
}): Uint8Array {
  const graph = Buffer.concat([
    ...parts.nodes.map((node) => wireField(1, nodeBytes(node))),
    wireField(2, text('graph')),
    ...(parts.weights ?? []).map((tensor) => wireField(5, tensor)),
    ...parts.inputs.map((value) => wireField(11, value)),
    ...parts.outputs.map((value) => wireField(12, value)),
  ]);
  const domains = new Set(['', ...parts.nodes.map(({ domain = '' }) => domain)]);
  const sets = [...domains].map((domain) =>
    wireField(8, Buffer.concat([wireField(1, text(domain)), numberField(2, domain === '' ? 17 : 1)])),
  );
  return Buffer.concat([numberField(1, 8), wireField(7, graph), ...sets]);
}
