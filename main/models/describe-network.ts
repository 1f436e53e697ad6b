import type { NetworkDescription } from '../../shared/domain/draft.ts';
import type { SourceOutline } from './activation-source.ts';
import type { ModelDescription } from './model-in.ts';
import type { OnnxModel } from './onnx/description.ts';
import { NetworkOutline, sizeOf, type LayerInfo, type NetworkSpec } from './network-outline.ts';

/**
 * What people see of a network: the output of every layer that computes, in the order in which they run. Needs no
 * weights and no engine. @throws CupbearerError `usage` if the architecture does not fit the data.
 */
export function describeNetwork(spec: NetworkSpec): NetworkDescription {
  const { layers, parameters, defaultActivations } = new NetworkOutline(spec);
  const chosen = new Set(defaultActivations);
  const shown = ({ name, kind }: LayerInfo) => kind !== 'container' || chosen.has(`${name}.output`);
  return {
    architecture: spec.architecture.name,
    inputShape: [...spec.inputShape],
    classes: spec.classes.length,
    parameters: [...parameters.values()].reduce((total, { shape }) => total + sizeOf(shape), 0),
    layers: layers.filter(shown).map((layer) => ({
      activation: `${layer.name}.output`,
      kind: layer.kind,
      shape: [...layer.outputShape],
      parameters: layer.parameters,
      isDefault: chosen.has(`${layer.name}.output`),
    })),
  };
}

/** The same of an ONNX graph, whose weights are not counted by layer. */
function describeGraph({
  input_shape: inputShape,
  classes,
  layers,
  default_layers: defaults,
}: OnnxModel): NetworkDescription {
  const chosen = new Set(defaults);
  return {
    architecture: 'onnx',
    inputShape,
    classes: classes.length,
    parameters: 0,
    layers: layers.map(({ name, operator, shape }) => ({
      activation: name,
      kind: operator,
      shape,
      parameters: 0,
      isDefault: chosen.has(name),
    })),
  };
}

/** What people see of a model. @throws CupbearerError `usage` as {@link describeNetwork}. */
export function describeModel({ network, graph }: ModelDescription): NetworkDescription {
  return network ? describeNetwork(network) : describeGraph(graph);
}
/** What people see of a network of which activations were recorded: its layers, as far as they are known. */
export function describeRecords(source: SourceOutline): NetworkDescription {
  const chosen = new Set(source.defaultActivations);
  return {
    architecture: 'recorded',
    inputShape: [],
    classes: null,
    parameters: 0,
    layers: source.activationNames.map((activation) => ({
      activation,
      kind: source.isRagged(activation) ? 'tokens' : 'recorded',
      shape: [...source.activationShape(activation)],
      parameters: 0,
      isDefault: chosen.has(activation),
    })),
  };
}
