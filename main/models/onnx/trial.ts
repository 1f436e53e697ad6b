import { CupbearerError } from '../../../shared/errors.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { channelAxes, weighedValues, type ChannelAxis } from './channel-axes.ts';
import { optimizationLevels, type OnnxModel, type OptimizationLevel } from './description.ts';
import { madeValues, withOutputs, type OnnxGraph } from './graph.ts';
import { type GraphFiles, type OnnxRuntime, type OnnxSession, type OnnxTensor } from './runtime.ts';
import { layerTypes, toFloats } from './tensor-values.ts';

/** What a graph is tried with. */
interface TrialOptions {
  files: GraphFiles & { graph: OnnxGraph };
  /** Inputs for so many samples. */
  inputs: (size: number) => Record<string, OnnxTensor>;
  /** Whether it takes one sample at a time. */
  isOneByOne: boolean;
  channels: ChannelAxis;
  signal?: AbortSignal | undefined;
}

/** What a trial shows of a graph. */
export interface Trial {
  layers: OnnxModel['layers'];
  optimization: OptimizationLevel;
  /** Whether it has to be run with all layers as outputs, whichever are asked for. */
  showsAll: boolean;
  /** What its outputs were in the trial, by name, with their shapes. */
  outputs: ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>;
}

/** The most by which showing layers may change what a graph puts out. */
const mostMoved = 1e-8;
const leastOptimization = 'disabled';
/** What values of one pass may take together, and what is assumed of one of unknown size. */
const mostBytesAtOnce = 2 ** 28;
const unknownBytes = 2 ** 24;

/**
 * Runs a graph on a few samples with all of its values as outputs, to see which of them belong to samples and what their shapes are.
 * ONNX Runtime may join operations if nobody looks at what is between them, and then rounds otherwise: the graph is run by the
 * strongest optimization at which looking changes its outputs by no more than 1e-8. Where there is none, all layers are looked at each
 * time.
 * @throws CupbearerError `bad-data` if it cannot be run, or has no layers.
 */
export async function tryGraph(runtime: OnnxRuntime, options: TrialOptions): Promise<Trial> {
  const { files, isOneByOne, channels } = options;
  const { graph } = files;
  const sizes = isOneByOne ? [1] : [2, 3];
  const candidates = madeValues(graph).filter((name) => {
    const type = graph.values.get(name)?.type;
    return type === undefined || layerTypes.includes(type);
  });
  const shapes = await shapesOf(runtime, candidates, sizes, options);
  const axes = channelAxes(graph, channels);
  const operators = new Map(graph.nodes.flatMap(({ operator, outputs }) => outputs.map((name) => [name, operator])));
  const layers = [...shapes].map(([name, shape]) => {
    const isFirst = shape.length > 1 && axes.get(name) === 'first';
    return {
      name,
      operator: operators.get(name)!,
      shape: isFirst ? [...shape.slice(1), shape[0]!] : [...shape],
      channels_first: isFirst,
    };
  });
  if (layers.length === 0) {
    throw new CupbearerError('bad-data', `"${files.name}": no value of the graph has samples on its first axis.`, {
      hint: 'Export the model with a batch axis, open or of size 1, as the first of its input and its values.',
    });
  }
  return {
    layers,
    ...(await steadyLevel(
      runtime,
      layers.map(({ name }) => name),
      sizes[0]!,
      options,
    )),
  };
}

/** Shapes of one sample of those values that have samples on their first axis. */
async function shapesOf(
  runtime: OnnxRuntime,
  names: readonly string[],
  sizes: readonly number[],
  { files, inputs, signal }: TrialOptions,
): Promise<Map<string, readonly number[]>> {
  const session = await open(runtime, files, names, 'all');
  try {
    const said = new Map(session.outputMetadata.map((value) => [value.name, value]));
    const found = new Map<string, readonly number[] | undefined>();
    for (const name of names) if (layerTypes.includes(said.get(name)?.type ?? '')) found.set(name, undefined);
    for (const size of sizes) {
      const bytesOf = (name: string) => {
        const shape = found.get(name) ?? said.get(name)!.shape?.slice(1) ?? [''];
        return shape.reduce<number>((bytes, axis) => bytes * Number(axis), 4 * size) || unknownBytes;
      };
      for (const part of parts([...found.keys()], bytesOf)) {
        checkNotCancelled(signal, 'Importing the model');
        const values = await runOnce(session, inputs(size), part, files.name);
        for (const name of part) {
          const [first, ...rest] = values[name]!.dims;
          const before = found.get(name);
          const hasSamples = first === size && rest.length > 0 && rest.every((axis) => axis > 0);
          if (hasSamples && (before === undefined || before.join() === rest.join())) found.set(name, rest);
          else found.delete(name);
        }
      }
    }
    return found as Map<string, readonly number[]>;
  } finally {
    await session.release();
  }
}

/** Values in parts of which each fits into memory. */
function* parts(names: readonly string[], bytesOf: (name: string) => number): Generator<string[]> {
  let part: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const own = bytesOf(name);
    if (part.length > 0 && bytes + own > mostBytesAtOnce) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(name);
    bytes += own;
  }
  if (part.length > 0) yield part;
}

async function steadyLevel(
  runtime: OnnxRuntime,
  layers: readonly string[],
  size: number,
  { files, inputs, signal }: TrialOptions,
): Promise<Omit<Trial, 'layers'>> {
  const all = () => outputsAt(runtime, files, layers, leastOptimization, inputs(size));
  for (const level of optimizationLevels) {
    checkNotCancelled(signal, 'Importing the model');
    const plain = await outputsAt(runtime, files, [], level, inputs(size));
    const shown = await outputsAt(runtime, files, layers, level, inputs(size));
    const moved = Math.max(0, ...[...plain].map(([name, { values }]) => distance(values, shown.get(name)!.values)));
    if (moved <= mostMoved) return { optimization: level, showsAll: false, outputs: shown };
  }
  // Values of float16 are rounded only where somebody looks: the same has to be looked at each time.
  const [first, second] = [await all(), await all()];
  if ([...first].every(([name, { values }]) => distance(values, second.get(name)!.values) === 0))
    return { optimization: leastOptimization, showsAll: true, outputs: first };
  throw new CupbearerError(
    'bad-data',
    `"${files.name}": what the graph puts out is not the same from one run to the next.`,
    {
      hint: 'Export the model for inference, without dropout or other randomness.',
    },
  );
}

async function outputsAt(
  runtime: OnnxRuntime,
  files: TrialOptions['files'],
  layers: readonly string[],
  level: OptimizationLevel,
  inputs: Record<string, OnnxTensor>,
): Promise<Trial['outputs']> {
  const session = await open(runtime, files, layers, level);
  try {
    const said = new Map(session.outputMetadata.map((value) => [value.name, value]));
    const outputs = files.graph.outputs.map(({ name }) => name).filter((name) => said.get(name)?.isTensor);
    const values = await runOnce(session, inputs, outputs, files.name);
    return new Map(
      outputs.map((name) => {
        const tensor = values[name]!;
        return [name, { shape: tensor.dims.slice(1), values: toFloats(tensor) }];
      }),
    );
  } finally {
    await session.release();
  }
}

/** NaN in the same places is no distance. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return Number.isNaN(most) ? Infinity : most;
}

/** Makes the graph of a model ready to put out the named values. @throws CupbearerError `bad-data`. */
export async function openGraph(
  runtime: OnnxRuntime,
  files: GraphFiles & { graph: OnnxGraph },
  { graph: { shows_all: showsAll, optimization }, layers }: OnnxModel,
  names: readonly string[],
): Promise<OnnxSession> {
  return open(runtime, files, showsAll ? layers.map(({ name }) => name) : names, optimization);
}

/** Makes a graph ready that puts out the named values, too. @throws CupbearerError `bad-data`. */
async function open(
  runtime: OnnxRuntime,
  { graph, ...files }: GraphFiles & { graph: OnnxGraph },
  names: readonly string[],
  level: OptimizationLevel,
): Promise<OnnxSession> {
  try {
    return await runtime.session({ ...files, bytes: withOutputs(files.bytes, graph, names) }, level);
  } catch (error) {
    const said = error instanceof CupbearerError ? error.details?.['message'] : undefined;
    if (typeof said !== 'string' || !said.includes('Unsupported data type')) throw error;
    throw new CupbearerError(
      'bad-data',
      `"${files.name}" holds values of a type that ONNX Runtime does not hand over (bfloat16 or a float of 8 bits).`,
      { hint: 'Export the model in float32 or float16.', cause: error },
    );
  }
}

/** Runs a graph once. @throws CupbearerError `bad-data` saying why it cannot be. */
export async function runOnce(
  session: OnnxSession,
  inputs: Record<string, OnnxTensor>,
  outputs: readonly string[],
  file: string,
): Promise<Record<string, OnnxTensor>> {
  try {
    return await session.run(inputs, outputs);
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 400);
    throw new CupbearerError('bad-data', `"${file}" cannot be run on these samples: ${reason.trim()}`, {
      hint: 'Look whether the shape and the type of the samples are those that the model was exported for.',
      cause: error,
    });
  }
}

const mostDefaults = 8;

/**
 * What detectors look at unless told otherwise: outputs of convolution and linear layers, evenly over the graph where they are many,
 * the last of them the model's output.
 */
export function defaultLayers(graph: OnnxGraph, layers: OnnxModel['layers'], output: string): string[] {
  const known = new Set(layers.map(({ name }) => name));
  const usual = [...new Set(weighedValues(graph))].filter((name) => known.has(name) && name !== output);
  const most = mostDefaults - 1;
  const chosen =
    usual.length <= most
      ? usual
      : Array.from({ length: most }, (_, i) => usual[Math.round((i * (usual.length - 1)) / (most - 1))]!);
  return [...chosen, output];
}
