import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { defineArchitecture } from '../architecture.ts';
import { graphModule } from '../graph/graph-module.ts';
import type { GraphLayer } from '../graph/layer-graph.ts';

/** Beyond this many layers with weights, detectors look at where branches meet and at what follows the pooling. */
const mostByDefault = 12;

/** A network that was built elsewhere, layer by layer: `graph` in its model.json says which. */
export const graph = defineArchitecture({
  id: 'graph',
  title: 'Imported layers',
  summary: 'The layers of a model that was built elsewhere',
  source: 'The model.json of the import',
  params: z.object({}),
  build: (_, { graph: layers, classes, inputShape }) => {
    if (layers === undefined)
      throw new CupbearerError(
        'usage',
        'A model of architecture "graph" needs its layers: expected "graph", found none.',
      );
    const module = graphModule(layers);
    const output = module.outputShape(inputShape);
    if (output.join() === String(classes)) return module;
    throw new CupbearerError(
      'usage',
      `The model has ${classes} classes: expected [${classes}] as the output of its last layer "${layers.at(-1).name}", found [${output.join(', ')}].`,
      { hint: 'Name as many classes as the model has outputs, in their order.' },
    );
  },
  defaultActivations: (_, { graph: layers = [] }) => {
    const isWeighted = ({ kind }: GraphLayer) => kind === 'linear' || kind === 'conv';
    const isFew = layers.filter(isWeighted).length <= mostByDefault;
    const isLandmark = (layer: GraphLayer) => layer.kind === 'linear' || layer.inputs.length > 1;
    const chosen = layers.filter(isFew ? isWeighted : isLandmark);
    const last = layers.at(-1);
    if (last !== undefined && !chosen.includes(last)) chosen.push(last);
    return chosen.map(({ name }) => `${name}.output`);
  },
});
