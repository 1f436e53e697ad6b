import { command, worded } from '../../shared/wording.ts';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { refuse } from '../../shared/misfit.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { classOrder } from '../data/class-order.ts';
import type { DatasetFacts } from '../data/dataset.ts';
import { datasetFacts, loadSplit } from '../data/datasets/load.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import { range, slices } from '../models/batches.ts';
import { factsOf } from '../models/model-in.ts';
import { sizeOf } from '../models/network-outline.ts';
import {
  onnxFormat,
  writeOnnxModel,
  type OnnxDeclaration,
  type OnnxModel,
  type Preprocessing,
} from '../models/onnx/description.ts';
import type { GraphValue, OnnxGraph } from '../models/onnx/graph.ts';
import { checkedName, graphFolder, graphName, readGraphFiles } from '../models/onnx/graph-files.ts';
import { channelsOf, GraphInput, sideOf, type InputSpec } from '../models/onnx/graph-input.ts';
import { OnnxRuntime, type GraphFiles } from '../models/onnx/runtime.ts';
import { toFloats } from '../models/onnx/tensor-values.ts';
import { defaultLayers, openGraph, runOnce, tryGraph, type Trial } from '../models/onnx/trial.ts';
import type { OnnxStatement } from '../runs/onnx-statement.ts';
import { checkStatement, type StatedTraining, type TrainingStatement } from '../runs/stated-training.ts';
import { createRunFolder } from '../storage/run-folder.ts';
import { createFolderWithin, within } from '../storage/within-folder.ts';
import { RandomStream } from '../tensor/random.ts';
import type { InspectionContext } from './inspection.ts';
import { declaredBeside, declaredByWords } from './onnx-declaration.ts';

/** An ONNX file to take in. */
interface OnnxImport {
  folder: string;
  /** Its name in there. */
  file: string;
  target: string;
  /** What it was trained on, where that is said. */
  training: TrainingStatement;
  /** What else is said of it. */
  statement: OnnxStatement;
}

/** A model whose files are in place. */
interface ImportedGraph {
  folder: string;
  trained: StatedTraining | undefined;
}

/** Samples of labelled data on which a model is checked, at most. */
const mostChecked = 1000;
const checkBatch = 50;

/**
 * Checks an ONNX file, tries it, and puts it into a new folder by `place`, which copies or moves one file.
 * @throws CupbearerError `usage` for what is not said of it or does not fit; `bad-data` for a file that is damaged or cannot be run;
 *   `engine` without ONNX Runtime; `conflict`, `storage`, `cancelled`. Nothing is written then.
 */
export async function importOnnx(
  { folder, file, target, training, statement }: OnnxImport,
  place: (source: string, target: string) => Promise<void>,
  { dataDir, signal }: Pick<InspectionContext, 'dataDir'> & { signal?: AbortSignal },
): Promise<ImportedGraph> {
  const runtime = OnnxRuntime.open();
  const files = readGraphFiles(folder, file);
  const { train_data: trainData } = training;
  const facts = trainData && datasetFacts(trainData, dataDir);
  const beside = declaredBeside(folder);
  const typed = declaredByWords({ ...statement, ...training });
  const said = { ...beside, ...typed, preprocessing: { ...beside.preprocessing, ...typed.preprocessing } };
  const spec = inputSpec(files, said, facts);
  const input = new GraphInput(spec.input, files.graph, runtime, file);
  const trial = await tryGraph(runtime, {
    files,
    inputs: (size) => input.of(trialSamples(spec.input, size), size),
    isOneByOne: spec.isOneByOne,
    channels: spec.input.preprocessing?.layout === 'nchw' ? 'first' : 'last',
    signal,
  });
  const model = describe(files, spec, trial, said);
  const stated =
    trainData && (await checkStatement({ ...training, train_data: trainData }, factsOf({ graph: model }), dataDir));
  if (trainData) {
    const accuracy = await accuracyOf(runtime, files, model, input, trainData, { dataDir, signal });
    model.checked = { data: trainingData(trainData).original.name, ...accuracy };
  }

  const run = createRunFolder(target);
  createFolderWithin(within(run, graphFolder));
  await place(join(folder, file), join(run, graphFolder, graphName));
  for (const { path } of files.external) {
    await place(join(folder, checkedName(path)), join(run, graphFolder, checkedName(path)));
  }
  writeOnnxModel(run, model);
  return { folder: run, trained: stated };
}

/** How inputs are made, and what of the graph that depends on. */
interface FoundInput {
  input: InputSpec;
  isOneByOne: boolean;
}

function inputSpec(
  files: GraphFiles & { graph: OnnxGraph },
  said: OnnxDeclaration,
  facts: DatasetFacts | undefined,
): FoundInput {
  const { graph, name: file } = files;
  const main = mainInput(graph, file);
  const isText = /^int(32|64)$/.test(main.type ?? '');
  const vocabulary = said.vocabulary ?? facts?.vocabulary?.length;
  if (isText && vocabulary === undefined) {
    refuse([{ path: ['vocabulary'], message: `"${file}" takes the numbers of tokens: say how many there are.` }]);
  }
  const stated = said.input_shape ?? (facts ? [...facts.shape] : undefined);
  const { axes, isOneByOne } = openedAxes(main, file);
  if (isText) {
    const length = axes[0] ?? stated?.[0];
    if (axes.length !== 1 || length === undefined) throw shapeUnknown(file, main, 'the number of tokens');
    if (stated && stated.join() !== String(length)) throw mismatch(file, main, stated);
    return {
      input: { graph: { input: main.name, input_axes: [length] }, input_shape: [length], vocabulary: vocabulary! },
      isOneByOne,
    };
  }
  return { input: pictureSpec(main, axes, said, stated, file), isOneByOne };
}

/** The input that samples go into. */
function mainInput({ inputs }: OnnxGraph, file: string): GraphValue {
  const main = inputs.length === 1 ? inputs[0] : inputs.find(({ name }) => name === 'input_ids');
  if (main?.shape && main.type !== undefined) return main;
  const found = inputs.length === 0 ? 'none' : inputs.map(({ name }) => name).join(', ');
  throw new CupbearerError(
    'bad-data',
    `"${file}": expected one input, a tensor with a number of axes, or "input_ids" among several, found ${found}.`,
    {
      hint: 'Export the model with samples as its only input.',
    },
  );
}

/** Sizes of an input's axes after that of samples; undefined for open ones. @throws CupbearerError `bad-data` for a fixed batch. */
function openedAxes({ name, shape }: GraphValue, file: string): { axes: (number | undefined)[]; isOneByOne: boolean } {
  const [first, ...rest] = shape!;
  if (rest.length > 0 && (first === 1 || typeof first !== 'number')) {
    return { axes: rest.map((axis) => (typeof axis === 'number' ? axis : undefined)), isOneByOne: first === 1 };
  }
  throw new CupbearerError(
    'bad-data',
    `"${file}": expected the first axis of the input "${name}" to be open or of size 1, found ${rest.length === 0 ? 'no other axis' : String(first)}.`,
    { hint: 'Export the model with an open batch axis: dynamic_axes or dynamic_shapes in PyTorch.' },
  );
}

function shapeUnknown(file: string, { name, shape }: GraphValue, what: string): CupbearerError {
  return new CupbearerError(
    'usage',
    `"${file}": the input "${name}" has the shape ${shape!.map((axis) => axis ?? '?').join(' x ')}, which does not say ${what}.`,
    { hint: worded`Say it${command(' with --input_shape', '')}, or name the training data.` },
  );
}

function mismatch(file: string, { name, shape }: GraphValue, stated: readonly number[]): CupbearerError {
  return new CupbearerError(
    'usage',
    `"${file}": samples of shape ${stated.join(' x ')} do not fit the input "${name}" of shape ${shape!.map((axis) => axis ?? '?').join(' x ')}.`,
    {
      hint: worded`Look at ${command('--input_shape and --layout', 'its shape and layout')}; images of another size need ${command('--resize', 'to be resized')}.`,
    },
  );
}

/** How pictures, or vectors, become the input of a graph. */
function pictureSpec(
  main: GraphValue,
  axes: readonly (number | undefined)[],
  said: OnnxDeclaration,
  stated: number[] | undefined,
  file: string,
): InputSpec {
  const layout = said.preprocessing?.layout ?? layoutOf(axes, stated);
  if (layout === undefined) {
    refuse([
      {
        path: ['layout'],
        message: `"${file}": the shape of the input "${main.name}" does not say where its channels are: set nchw or nhwc.`,
      },
    ]);
  }
  const declared = said.preprocessing ?? {};
  const rule = declared.resize;
  const full = closedAxes(axes, stated, layout!);
  if (!full) throw shapeUnknown(file, main, 'how large images are');
  const inputShape = stated ?? (full.length === 3 ? picture(full, layout!) : full.length === 2 ? [...full, 1] : full);
  const isPicture = inputShape.length === 3;
  const channels = isPicture ? channelsOf(full, { layout: layout! }, inputShape) : 1;
  for (const key of ['mean', 'std'] as const) {
    const { length } = declared[key] ?? [0];
    const message = `Expected 1 or ${channels} numbers as ${key}, one a channel, found ${length}.`;
    if (length !== 1 && length !== channels) refuse([{ path: [key], message }]);
  }
  const isResized =
    isPicture && full.length > 1 && sideOf(full, { layout: layout! }).join() !== inputShape.slice(0, 2).join();
  const fits = isPicture
    ? full.length === 1
      ? full[0] === sizeOf(inputShape)
      : inputShape[2] === channels || inputShape[2] === 1
    : sizeOf(full) === sizeOf(inputShape);
  if (!fits) throw mismatch(file, main, inputShape);
  if (isResized && (rule === undefined || rule === 'none')) throw mismatch(file, main, inputShape);
  const steps: Preprocessing = {
    resize: isResized ? rule! : 'none',
    ...(isResized && rule === 'crop' ? given({ resize_to: declared.resize_to }) : {}),
    channel_order: declared.channel_order ?? 'rgb',
    layout: layout!,
    value_range: declared.value_range ?? [0, 1],
    mean: declared.mean ?? [0],
    std: declared.std ?? [1],
  };
  return { graph: { input: main.name, input_axes: full }, input_shape: inputShape, preprocessing: steps };
}

/** Where channels are, as far as the sizes of axes say it: there are 1, 3 or 4 of them, and more rows and columns. */
function layoutOf(
  axes: readonly (number | undefined)[],
  stated: readonly number[] | undefined,
): Preprocessing['layout'] | undefined {
  if (axes.length !== 3) return stated?.length === 3 && stated[2]! > 1 && axes.length === 1 ? undefined : 'nchw';
  const few = (axis: number | undefined) => axis !== undefined && [1, 3, 4].includes(axis);
  if (few(axes[0]) && !few(axes[2])) return 'nchw';
  return few(axes[2]) && !few(axes[0]) ? 'nhwc' : undefined;
}

/** All sizes of a graph's input, open ones as the samples have them; undefined where these are not known either. */
function closedAxes(
  axes: readonly (number | undefined)[],
  stated: readonly number[] | undefined,
  layout: Preprocessing['layout'],
): number[] | undefined {
  const own =
    axes.length === 3 && stated?.length === 3 && layout === 'nchw' ? [stated[2]!, stated[0]!, stated[1]!] : stated;
  const closed = axes.map((axis, i) => axis ?? (axes.length === 1 && stated ? sizeOf(stated) : own?.[i]));
  return closed.every((axis): axis is number => axis !== undefined) ? closed : undefined;
}

const picture = ([a, b, c]: readonly number[], layout: Preprocessing['layout']) =>
  layout === 'nchw' ? [b!, c!, a!] : [a!, b!, c!];

/** Samples such as the data may have, to try a graph with. */
function trialSamples({ input_shape: shape, vocabulary }: InputSpec, size: number): Float32Array {
  const stream = RandomStream.from(0, 'onnx-trial', size);
  const draw = () => stream.uniform();
  return Float32Array.from({ length: size * sizeOf(shape) }, () =>
    vocabulary === undefined ? draw() : Math.floor(draw() * vocabulary),
  );
}

/** What is known of a model after its trial. @throws CupbearerError `usage` for classes that are not named, or not as many. */
function describe(
  files: GraphFiles & { graph: OnnxGraph },
  { input, isOneByOne }: FoundInput,
  trial: Trial,
  said: OnnxDeclaration,
): OnnxModel {
  const { graph, name } = files;
  const classes = said.classes ?? [];
  if (classes.length === 0) {
    const widths = [...trial.outputs].map(([output, { shape }]) => `${output} (${shape.join(' x ') || 'one number'})`);
    throw new CupbearerError('usage', `"${name}" does not name its classes.`, {
      hint: worded`Name them in the order of its outputs${command(' with --classes', '')}, or in classes.txt beside it, one a line. It puts out: ${widths.join(', ')}.`,
    });
  }
  const { output, isProbabilities } = chosenOutput(graph, trial, classes.length, said.output, name);
  const { preprocessing, vocabulary } = input;
  return {
    format: onnxFormat,
    graph: {
      name,
      external: files.external.map(({ path }) => path),
      ...input.graph,
      one_by_one: isOneByOne,
      output,
      output_is: isProbabilities ? 'probabilities' : 'logits',
      optimization: trial.optimization,
      shows_all: trial.showsAll,
      operator_sets: Object.fromEntries(graph.operatorSets),
    },
    input_shape: [...input.input_shape],
    classes,
    ...given({ vocabulary, preprocessing }),
    layers: trial.layers,
    default_layers: defaultLayers(graph, trial.layers, output),
  };
}

/** The value with one number a class; what goes into a softmax rather than what comes out of it. */
function chosenOutput(
  graph: OnnxGraph,
  { layers, outputs }: Trial,
  classes: number,
  named: string | undefined,
  file: string,
): { output: string; isProbabilities: boolean } {
  const isLayer = (name: string) => layers.some((layer) => layer.name === name);
  const fitting = [...outputs].filter(([name, { shape }]) => isLayer(name) && shape.join() === String(classes));
  const [found, ...others] = named === undefined ? fitting : fitting.filter(([name]) => name === named);
  if (!found || others.length > 0) {
    const all = [...outputs].map(([name, { shape }]) => `${name} (${shape.join(' x ') || 'one number'})`).join(', ');
    throw new CupbearerError(
      'usage',
      `"${file}": expected ${named === undefined ? 'one output' : `an output "${named}"`} with ${classes} numbers, one for each class, found ${all}.`,
      {
        hint:
          others.length > 0 ? 'Name it with --output.' : 'Look at the number of classes and the names of the outputs.',
      },
    );
  }
  const [name, { values }] = found;
  const maker = graph.nodes.find((node) => node.outputs.includes(name));
  const before = maker?.inputs[0];
  if (maker?.operator === 'Softmax' && before !== undefined && isLayer(before))
    return { output: before, isProbabilities: false };
  const rows = Array.from({ length: values.length / classes }, (_, i) =>
    values.subarray(i * classes, (i + 1) * classes),
  );
  const isProbabilities = rows.every(
    (row) => row.every((p) => p >= 0) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3,
  );
  return { output: name, isProbabilities };
}

/** How often a model is right on the test half of its data, or on what there is of it. */
async function accuracyOf(
  runtime: OnnxRuntime,
  files: GraphFiles & { graph: OnnxGraph },
  model: OnnxModel,
  input: GraphInput,
  trainData: Picked,
  { dataDir, signal }: { dataDir: string; signal?: AbortSignal | undefined },
): Promise<{ samples: number; accuracy: number }> {
  const { original } = trainingData(trainData);
  const data = await loadSplit(original, { train: false, augment: false }, { dataDir, seed: 0, ...given({ signal }) });
  const order = classOrder(data.classes, model.classes, original.name);
  const samples = Math.min(data.length, mostChecked);
  const { output, one_by_one: isOneByOne } = model.graph;
  const session = await openGraph(runtime, files, model, [output]);
  try {
    let right = 0;
    // Every so many-th sample: files may be sorted by class.
    const indices = range(samples).map((i) => Math.floor((i * data.length) / samples));
    for (const part of slices(indices, isOneByOne ? 1 : checkBatch)) {
      if (signal?.aborted) throw new CupbearerError('cancelled', 'Importing the model was cancelled.');
      const { inputs, labels, size } = data.read(part, 0);
      const values = await runOnce(session, input.of(inputs, size), [output], files.name);
      const logits = toFloats(values[output]!);
      const width = model.classes.length;
      for (let i = 0; i < size; i++) {
        const row = logits.subarray(i * width, (i + 1) * width);
        const label = order ? order[labels[i]!] : labels[i];
        if (row.indexOf(Math.max(...row)) === label) right++;
      }
    }
    return { samples, accuracy: right / samples };
  } finally {
    await session.release();
  }
}
