import type { LayerGraph } from './layer-graph.ts';

/** Whether gradients can be taken through all of these layers: the engines have none of depthwise and dilated convolutions. */
export function hasGradients(layers: LayerGraph): boolean {
  return layers.every(
    (layer) => layer.kind !== 'depthwise' && !(layer.kind === 'conv' && layer.dilation.some((step) => step !== 1)),
  );
}
