import { CupbearerError } from '../../../shared/errors.ts';
import { WireReader, wireField } from './wire.ts';

/** The types of tensors by their numbers in ONNX (TensorProto.DataType). */
const typeNames = [
  'undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64',
  'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16', 'float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2',
  'float8e5m2fnuz', 'uint4', 'int4', 'float4e2m1', 'float8e8m0', 'uint2', 'int2',
]; // prettier-ignore

/** An input, an output or a value in between. */
export interface GraphValue {
  name: string;
  /** "float32"; undefined where the file does not say, or it is not a tensor. */
  type?: string;
  /** Sizes of the axes: a number, or the name of one that is open; null where nothing is said of it. Undefined where the file does not say. */
  shape?: (number | string | null)[];
}

/** An operation of a graph. */
interface GraphNode {
  name: string;
  operator: string;
  inputs: string[];
  outputs: string[];
  /** The order that a transposition brings the axes into. */
  permutation?: number[];
}

/** A part of a file beside the graph in which a tensor lies. */
interface ExternalTensor {
  tensor: string;
  file: string;
}

/** What is read of an ONNX file: all but its weights. */
export interface OnnxGraph {
  /** Who wrote it: "pytorch 2.9". */
  producer: string;
  /** Versions of the sets of operators by their domains, "" for ONNX's own. */
  operatorSets: ReadonlyMap<string, number>;
  /** What has to be put in; initial values that may be replaced are not among them. */
  inputs: readonly GraphValue[];
  outputs: readonly GraphValue[];
  nodes: readonly GraphNode[];
  /** What the file says of values in between, by name. */
  values: ReadonlyMap<string, GraphValue>;
  /** Names of the weights. */
  weights: ReadonlySet<string>;
  externalTensors: readonly ExternalTensor[];
  /** What its maker wrote down beside the graph. */
  metadata: ReadonlyMap<string, string>;
}

/** Bounds far above those of any model in use. */
const mostNodes = 200_000;
const mostValues = 1_000_000;
const mostAxes = 32;

interface Found {
  producer: string;
  operatorSets: Map<string, number>;
  inputs: GraphValue[];
  outputs: GraphValue[];
  nodes: GraphNode[];
  values: Map<string, GraphValue>;
  weights: Set<string>;
  externalTensors: ExternalTensor[];
  metadata: Map<string, string>;
  hasGraph: boolean;
}

/**
 * Reads the graph in an ONNX file; `file` is what messages call it. Weights are passed over.
 * @throws CupbearerError `bad-data` if it is no ONNX file, or cut off, or its values contradict each other.
 */
export function readGraph(bytes: Uint8Array, file: string): OnnxGraph {
  const wire = new WireReader(file);
  const found: Found = {
    producer: '',
    operatorSets: new Map(),
    inputs: [],
    outputs: [],
    nodes: [],
    values: new Map(),
    weights: new Set(),
    externalTensors: [],
    metadata: new Map(),
    hasGraph: false,
  };
  wire.read(bytes, ({ number, value }) => {
    if (number === 2) found.producer = `${wire.text(value)} ${found.producer}`.trim();
    else if (number === 3) found.producer = `${found.producer} ${wire.text(value)}`.trim();
    else if (number === 7) {
      found.hasGraph = true;
      readParts(wire, wire.bytes(value), found);
    } else if (number === 8) readOperatorSet(wire, wire.bytes(value), found);
    else if (number === 14) readMetadata(wire, wire.bytes(value), found);
    else if (number === 25) readInner(wire, wire.bytes(value), 7, found);
  });
  if (!found.hasGraph || found.nodes.length === 0) throw wire.fault('a graph with operations', 'none');
  checkNames(found, wire);
  return { ...found, inputs: found.inputs.filter(({ name }) => !found.weights.has(name)) };
}

/** Values that would be made twice, or outputs that nothing makes. */
function checkNames({ nodes, outputs, inputs, weights }: Found, wire: WireReader): void {
  const made = new Set([...inputs.map(({ name }) => name), ...weights]);
  for (const name of nodes.flatMap((node) => node.outputs)) {
    if (name === '') continue;
    if (made.has(name)) throw wire.fault('a name for each value', `"${name}" twice`);
    made.add(name);
  }
  const missing = outputs.find(({ name }) => !made.has(name));
  if (missing) throw wire.fault('an operation that makes each output', `none that makes "${missing.name}"`);
}

function readOperatorSet(wire: WireReader, bytes: Uint8Array, { operatorSets }: Found): void {
  let domain = '';
  let version = 0;
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) domain = wire.text(value);
    else if (number === 2) version = wire.number(value);
  });
  operatorSets.set(domain === 'ai.onnx' ? '' : domain, version);
}

function readMetadata(wire: WireReader, bytes: Uint8Array, { metadata }: Found): void {
  let key = '';
  let text = '';
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) key = wire.text(value);
    else if (number === 2 && wire.bytes(value).length <= 2 ** 20) text = wire.text(value, 2 ** 20);
  });
  metadata.set(key, text);
}

/** The parts of the graph itself. */
function readParts(wire: WireReader, bytes: Uint8Array, found: Found): void {
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) {
      if (found.nodes.length >= mostNodes) throw wire.fault(`at most ${mostNodes} operations`, 'more');
      found.nodes.push(readNode(wire, wire.bytes(value), found));
    } else if (number === 5) found.weights.add(readTensor(wire, wire.bytes(value), found));
    else if (number === 11) found.inputs.push(readValue(wire, wire.bytes(value)));
    else if (number === 12) found.outputs.push(readValue(wire, wire.bytes(value)));
    else if (number === 13) {
      if (found.values.size >= mostValues) throw wire.fault(`at most ${mostValues} values`, 'more');
      const described = readValue(wire, wire.bytes(value));
      found.values.set(described.name, described);
    } else if (number === 15) {
      // Weights of which most are zero: the values are a tensor with the name.
      wire.read(wire.bytes(value), (part) => {
        if (part.number === 1) found.weights.add(readTensor(wire, wire.bytes(part.value), found));
        else if (part.number === 2) readTensor(wire, wire.bytes(part.value), found);
      });
    }
  });
}

function readNode(wire: WireReader, bytes: Uint8Array, found: Found): GraphNode {
  const node: GraphNode = { name: '', operator: '', inputs: [], outputs: [] };
  let domain = '';
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) node.inputs.push(wire.text(value));
    else if (number === 2) node.outputs.push(wire.text(value));
    else if (number === 3) node.name = wire.text(value);
    else if (number === 4) node.operator = wire.text(value);
    else if (number === 5) {
      const permutation = readAttribute(wire, wire.bytes(value), found);
      if (permutation) node.permutation = permutation;
    } else if (number === 7) domain = wire.text(value);
  });
  if (domain !== '' && domain !== 'ai.onnx') node.operator = `${domain}.${node.operator}`;
  return node;
}

/** Of attributes only tensors that lie in other files matter, however deep, and the order of axes, which is returned. */
function readAttribute(wire: WireReader, bytes: Uint8Array, found: Found): number[] | undefined {
  let name = '';
  const numbers: number[] = [];
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) name = wire.text(value);
    else if (number === 8) wire.numbers(value, (each) => numbers.length < mostAxes && numbers.push(each));
    else if (number === 5 || number === 10) readTensor(wire, wire.bytes(value), found);
    else if (number === 6 || number === 11) readInner(wire, wire.bytes(value), 1, found);
  });
  return name === 'perm' ? numbers : undefined;
}

/** A graph within an operation, or a function: their values are no layers. `operations` is the number of that field. */
function readInner(wire: WireReader, bytes: Uint8Array, operations: number, found: Found): void {
  wire.read(bytes, ({ number, value }) => {
    if (number === operations) readNode(wire, wire.bytes(value), found);
    else if (operations === 1 && number === 5) readTensor(wire, wire.bytes(value), found);
    else if (operations === 1 && number === 15) {
      wire.read(wire.bytes(value), (part) => {
        if (part.number === 1 || part.number === 2) readTensor(wire, wire.bytes(part.value), found);
      });
    }
  });
}

/** Returns the name of a tensor, and notes in which file it lies if that is another one. */
function readTensor(wire: WireReader, bytes: Uint8Array, found: Found): string {
  let name = '';
  let location: string | undefined;
  let isExternal = false;
  wire.read(bytes, ({ number, value }) => {
    if (number === 8) name = wire.text(value);
    else if (number === 14) isExternal = wire.number(value) === 1;
    else if (number === 13) {
      let key = '';
      let text = '';
      wire.read(wire.bytes(value), (part) => {
        if (part.number === 1) key = wire.text(part.value);
        else if (part.number === 2) text = wire.text(part.value);
      });
      if (key === 'location') location = text;
    }
  });
  if (!isExternal && location === undefined) return name;
  if (location === undefined) throw wire.fault(`a file for the tensor "${name}"`, 'none');
  found.externalTensors.push({ tensor: name, file: location });
  return name;
}

function readValue(wire: WireReader, bytes: Uint8Array): GraphValue {
  const found: GraphValue = { name: '' };
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) found.name = wire.text(value);
    if (number !== 2) return;
    wire.read(wire.bytes(value), (kind) => {
      if (kind.number === 1) readTensorType(wire, wire.bytes(kind.value), found);
    });
  });
  return found;
}

function readTensorType(wire: WireReader, bytes: Uint8Array, found: GraphValue): void {
  wire.read(bytes, ({ number, value }) => {
    if (number === 1) found.type = typeNames[wire.number(value)] ?? `type ${wire.number(value)}`;
    if (number !== 2) return;
    const shape: (number | string | null)[] = [];
    wire.read(wire.bytes(value), (axis) => {
      if (axis.number !== 1) return;
      if (shape.length >= mostAxes) throw wire.fault(`at most ${mostAxes} axes`, 'more');
      let size: number | string | null = null;
      wire.read(wire.bytes(axis.value), (part) => {
        if (part.number === 1) size = wire.number(part.value);
        else if (part.number === 2) size = wire.text(part.value) || null;
      });
      // Some exporters write -1 or 0 for an open axis.
      shape.push(typeof size === 'number' && size <= 0 ? null : size);
    });
    found.shape = shape;
  });
}

/** Names of the values that operations make, in the order in which they are made. */
export function madeValues({ nodes }: OnnxGraph): string[] {
  return nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
}

/**
 * Returns an ONNX file whose graph puts out the named values, too. Nothing in it changes: Protocol Buffers merge what is written of a
 * message in several places, so that the further outputs are some bytes at the end.
 * @throws CupbearerError `usage` if there is no such value.
 */
export function withOutputs(bytes: Uint8Array, graph: OnnxGraph, names: readonly string[]): Uint8Array {
  const known = new Set(madeValues(graph));
  const missing = names.find((name) => !known.has(name));
  if (missing !== undefined) throw new CupbearerError('usage', `The graph has no value "${missing}".`);
  const there = new Set(graph.outputs.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => !there.has(name));
  if (added.length === 0) return bytes;
  const outputs = added.map((name) => wireField(12, wireField(1, Buffer.from(name))));
  return Buffer.concat([bytes, wireField(7, Buffer.concat(outputs))]);
}
