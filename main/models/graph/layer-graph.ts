import { z } from 'zod';

/** Bounds of a graph from outside, far above those of any image classifier. */
const mostLayers = 4000;
const mostInputs = 256;
const mostSide = 2 ** 12;
const mostChannels = 2 ** 20;

/** The name of the network's input among the layers' inputs. */
export const graphInput = 'input';

const name = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/, 'must consist of letters, digits, _ and -');
const common = {
  name,
  /** Names of earlier layers, or {@link graphInput}. */
  inputs: z.array(name).min(1).max(mostInputs),
};
const side = z.int().positive().max(mostSide);
const sides = z.tuple([side, side]);
const channels = z.int().positive().max(mostChannels);
const padding = z.enum(['same', 'valid']);
const window = { size: sides, stride: sides, padding };

/** What an activation does to each value, or to the last axis (softmax). */
const activation = z.discriminatedUnion('function', [
  z.object({
    function: z.literal(['softmax', 'sigmoid', 'tanh', 'softplus', 'softsign', 'swish', 'selu', 'exponential']),
  }),
  z.object({ function: z.literal('relu'), most: z.number().positive().exactOptional() }),
  z.object({ function: z.literal(['leaky-relu', 'elu']), slope: z.number() }),
]);
export type Activation = z.infer<typeof activation>;

const convolution = { kernel: sides, stride: sides, dilation: sides, padding, bias: z.boolean() };

const layer = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('linear'), outputs: channels, bias: z.boolean() }),
  z.object({ ...common, kind: z.literal('conv'), outputs: channels, ...convolution }),
  z.object({ ...common, kind: z.literal('depthwise'), multiplier: channels, ...convolution }),
  z.object({
    ...common,
    kind: z.literal('norm'),
    epsilon: z.number().nonnegative(),
    scale: z.boolean(),
    shift: z.boolean(),
  }),
  z.object({ ...common, kind: z.literal('activation'), activation }),
  z.object({ ...common, kind: z.literal('rescale'), scale: z.number(), offset: z.number() }),
  z.object({ ...common, kind: z.literal(['max-pool', 'average-pool']), ...window }),
  z.object({ ...common, kind: z.literal(['global-max-pool', 'global-average-pool']), keepsAxes: z.boolean() }),
  z.object({
    ...common,
    kind: z.literal('pad'),
    rows: z.tuple([z.int().nonnegative().max(mostSide), z.int().nonnegative().max(mostSide)]),
    columns: z.tuple([z.int().nonnegative().max(mostSide), z.int().nonnegative().max(mostSide)]),
  }),
  z.object({ ...common, kind: z.literal('flatten') }),
  z.object({ ...common, kind: z.literal('reshape'), shape: z.array(channels).min(1).max(4) }),
  z.object({ ...common, kind: z.literal(['add', 'multiply', 'average', 'maximum', 'subtract', 'concatenate']) }),
  z.object({ ...common, kind: z.literal('two-classes') }),
]);

/** A layer of a graph: what it computes, of which layers' outputs. */
export type GraphLayer = z.infer<typeof layer>;
export type GraphLayerOf<K extends GraphLayer['kind']> = Extract<GraphLayer, { kind: K }>;

/** A network as a graph of layers, in the order in which they run; the last one's output is the network's. */
export const layerGraph = z
  .array(z.unknown())
  .min(1)
  .max(mostLayers)
  .pipe(z.array(layer))
  .check(({ value: layers, issues }) => {
    const known = new Set([graphInput]);
    for (const [at, { name: own, inputs }] of layers.entries()) {
      const unknown = inputs.find((input) => !known.has(input));
      if (unknown !== undefined)
        issues.push({
          code: 'custom',
          path: [at, 'inputs'],
          input: inputs,
          message: `must name earlier layers, or "${graphInput}"; got "${unknown}".`,
        });
      if (known.has(own))
        issues.push({
          code: 'custom',
          path: [at, 'name'],
          input: own,
          message: `must differ from that of other layers, and from "${graphInput}"; got "${own}" again.`,
        });
      known.add(own);
    }
  });
export type LayerGraph = z.infer<typeof layerGraph>;
