import type { Picked } from '../../shared/schema/fields.ts';
import type { ArchitectureInput } from './architecture.ts';
import { architectureRegistry } from './architectures/index.ts';
import type { BufferArray, Module, Parameter, Shape } from './modules.ts';

/** A part of a network that has a name, and whose input or output can be looked at. */
export interface LayerInfo {
  name: string;
  kind: Module['kind'];
  inputShape: Shape;
  outputShape: Shape;
  parameters: number;
}

export interface NetworkSpec {
  /** The architecture's name with its parameters. */
  architecture: Picked;
  inputShape: Shape;
  classes: readonly string[];
  /** How many tokens texts are made of; undefined for other data. */
  vocabulary?: number;
}

/** A network as its specification determines it, without any weights. */
export interface ModuleTree {
  root: Module;
  /** Named parts in the order in which they run; containers come before what they contain. */
  layers: LayerInfo[];
  /** By path, as PyTorch names them. */
  parameters: Map<string, Parameter>;
  buffers: Map<string, BufferArray>;
}

export const product = (shape: Shape) => shape.reduce((total, size) => total * size, 1);

/** Builds the modules of a network. @throws CupbearerError `usage` where the architecture does not fit the data. */
export function buildModules({ architecture, inputShape, classes, vocabulary }: NetworkSpec): ModuleTree {
  const { name, ...params } = architecture;
  const input: ArchitectureInput = {
    inputShape,
    classes: classes.length,
    ...(vocabulary === undefined ? {} : { vocabulary }),
  };
  const root = architectureRegistry.get(name).build(params, input);
  const tree: ModuleTree = { root, layers: [], parameters: new Map(), buffers: new Map() };
  collect(tree, '', root, inputShape);
  return tree;
}

function collect(tree: ModuleTree, path: string, module: Module, input: Shape): void {
  const below = (name: string) => (path ? `${path}.${name}` : name);
  const own = module.parameters(input);
  for (const parameter of own) tree.parameters.set(below(parameter.name), parameter);
  for (const buffer of module.buffers?.(input) ?? []) tree.buffers.set(below(buffer.name), buffer);
  if (path)
    tree.layers.push({
      name: path,
      kind: module.kind,
      inputShape: input,
      outputShape: module.outputShape(input),
      parameters: own.reduce((total, { shape }) => total + product(shape), 0),
    });
  for (const child of module.children(input)) collect(tree, below(child.name), child.module, child.input);
}

/**
 * What detectors look at unless told otherwise: what the architecture names, else the outputs of all linear and
 * convolution layers, the logits last.
 */
export function defaultActivations({ name, ...params }: Picked, layers: readonly LayerInfo[]): string[] {
  return (
    architectureRegistry.get(name).defaultActivations?.(params) ??
    layers.filter(({ kind }) => kind === 'linear' || kind === 'conv').map((layer) => `${layer.name}.output`)
  );
}
