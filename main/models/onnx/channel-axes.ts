import type { OnnxGraph } from './graph.ts';

/** Where the channels of a value are: after the samples, as convolutions want them, or last, as matrix products do. */
export type ChannelAxis = 'first' | 'last';

/** Operations on values with channels first, by ONNX's definition. */
const channelsFirst = new Set([
  'Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'MaxPool', 'AveragePool', 'LpPool', 'GlobalMaxPool',
  'GlobalAveragePool', 'BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LRN', 'SpaceToDepth',
  'DepthToSpace',
]); // prettier-ignore

/** Operations that make what they put out along the last axis. */
const channelsLast = new Set(['MatMul', 'Gemm', 'MatMulInteger', 'QLinearMatMul', 'LayerNormalization', 'Gather']);

/** Returns where each value of a graph has its channels, from the operations that make them; `input` is where its input has them. */
export function channelAxes(graph: OnnxGraph, input: ChannelAxis): ReadonlyMap<string, ChannelAxis> {
  const axes = new Map<string, ChannelAxis>(graph.inputs.map(({ name }) => [name, input]));
  for (const { operator, inputs, outputs, permutation } of graph.nodes) {
    const from = inputs.map((name) => axes.get(name)).find((axis) => axis !== undefined);
    let axis = from;
    if (channelsFirst.has(operator)) axis = 'first';
    else if (channelsLast.has(operator)) axis = 'last';
    else if (operator === 'Transpose' && permutation && from) {
      const moved = permutation.indexOf(from === 'first' ? 1 : permutation.length - 1);
      axis = moved === 1 && permutation.length > 2 ? 'first' : 'last';
    }
    for (const name of outputs) if (axis) axes.set(name, axis);
  }
  return axes;
}

/** Operations with weights. */
const weighing = new Set([
  'Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'Gemm', 'MatMul', 'MatMulInteger', 'QLinearMatMul',
]); // prettier-ignore

/**
 * Returns the values that convolutions and products with weights put out, after their bias, in order: of a network these are the
 * outputs of its convolution and linear layers.
 */
export function weighedValues({ nodes, weights }: OnnxGraph): string[] {
  const constant = new Set(weights);
  const readers = new Map<string, { operator: string; inputs: string[]; outputs: string[] }[]>();
  for (const node of nodes) {
    if (node.inputs.every((name) => name === '' || constant.has(name)))
      for (const name of node.outputs) constant.add(name);
    for (const name of node.inputs) {
      const known = readers.get(name);
      if (known) known.push(node);
      else readers.set(name, [node]);
    }
  }
  return nodes.flatMap(({ operator, inputs, outputs: [output] }) => {
    if (output === undefined || constant.has(output) || !weighing.has(operator)) return [];
    if (!inputs.some((name) => constant.has(name))) return [];
    const [next, ...others] = readers.get(output) ?? [];
    const isBiased = next?.operator === 'Add' && others.length === 0 && next.inputs.some((name) => constant.has(name));
    return [isBiased ? next.outputs[0]! : output];
  });
}
