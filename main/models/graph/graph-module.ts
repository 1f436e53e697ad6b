import type * as tf from '@tensorflow/tfjs-core';
import type { Module, Shape } from '../modules.ts';
import { checkGoesThrough, merged, mergedShape, moduleOf } from './graph-modules.ts';
import { graphInput, type GraphLayer, type LayerGraph } from './layer-graph.ts';

/** A layer with its module. */
interface Node {
  readonly layer: GraphLayer;
  readonly module: Module;
}

/** Runs the layers of a graph in their order; each is a child by its own name. The last one's output is the result. */
export function graphModule(layers: LayerGraph): Module {
  const nodes: Node[] = layers.map((layer) => ({ layer, module: moduleOf(layer) }));
  const last = layers.at(-1).name;
  return {
    kind: 'container',
    outputShape: (input) => walked(nodes, input).get(last)!.output,
    parameters: () => [],
    children: (input) => {
      const shapes = walked(nodes, input);
      return nodes.map(({ layer: { name }, module }) => ({ name, module, input: shapes.get(name)!.input }));
    },
    forward: (x, call) => {
      const values = new Map<string, tf.Tensor>([[graphInput, x]]);
      for (const { layer, module } of nodes) {
        const inputs = layer.inputs.map((name) => values.get(name)!);
        const value = inputs.length === 1 ? inputs[0]! : merged(layer.kind, inputs);
        values.set(layer.name, call.child(layer.name, module, value));
      }
      return values.get(last)!;
    },
  };
}

/** Shapes of what goes into each layer and comes out of it. @throws CupbearerError `usage` where one does not fit. */
function walked(nodes: readonly Node[], input: Shape): Map<string, { input: Shape; output: Shape }> {
  const shapes = new Map<string, { input: Shape; output: Shape }>([[graphInput, { input, output: input }]]);
  for (const { layer, module } of nodes) {
    const own = mergedShape(
      layer,
      layer.inputs.map((name) => shapes.get(name)!.output),
    );
    checkGoesThrough(layer, module, own);
    shapes.set(layer.name, { input: own, output: module.outputShape(own) });
  }
  return shapes;
}
