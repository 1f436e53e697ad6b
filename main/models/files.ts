import { z } from 'zod';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import { pick } from '../../shared/schema/fields.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { toJsonText } from '../storage/json-text.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';
import { pathOf, within } from '../storage/within-folder.ts';
import { knownArchitectures } from './architectures/index.ts';
import { layerGraph } from './graph/layer-graph.ts';
import { Network } from './network.ts';
import { isOnnxDescription } from './onnx/description.ts';
import type { NetworkOutline, NetworkSpec, Normalisation } from './network-outline.ts';
import { inputShapeOf, preprocessingFile, preprocessingOf, toPreprocessingFile } from './preprocessing.ts';
import { given } from '../../shared/given.ts';

const modelFormat = 1;
/** The name of the file that holds the weights of a network. */
export const weightsFile = 'model.safetensors';
/** Bounds of a description, far above those of any model that is built here. */
const mostClasses = 2 ** 16;
const mostTokens = 2 ** 20;
const mostSide = 2 ** 16;
const mostLayers = 10_000;
const mostDimensions = 8;
const descriptionBounds = { mostDepth: 16, mostBytes: 2 ** 23 };

/** A list whose length is looked at before any of its values is: a million of them would take seconds. */
function list<S extends z.ZodType>(value: S, least: number, most: number) {
  return z.array(z.unknown()).min(least).max(most).pipe(z.array(value));
}

const name = z.string().max(1000);
const modelFile = z.object({
  format: z.literal(modelFormat),
  architecture: pick(() => knownArchitectures, { label: 'Architecture', help: 'The kind of model' }),
  input_shape: list(z.int().positive().max(mostSide), 1, mostDimensions),
  classes: list(name, 1, mostClasses),
  vocabulary: z.int().positive().max(mostTokens).exactOptional(),
  normalisation: z
    .object({ mean: list(z.number(), 1, mostSide), std: list(z.number().positive(), 1, mostSide) })
    .exactOptional(),
  graph: layerGraph.exactOptional(),
  preprocessing: preprocessingFile.exactOptional(),
  // What people and other programs may want to know: nothing here reads these, so that no other program has to write
  // them.
  parameters: z.int().exactOptional(),
  layers: list(
    z.object({ name, kind: name, output_shape: list(z.int(), 0, mostDimensions) }),
    0,
    mostLayers,
  ).exactOptional(),
});

/** Writes `model.json`: what to build before the weights can be loaded. */
export function writeModelDescription(folder: string, network: NetworkOutline): void {
  const { architecture, inputShape, classes, vocabulary, graph, preprocessing, normalisation } = network.spec;
  const description: z.input<typeof modelFile> = {
    format: modelFormat,
    architecture,
    input_shape: [...inputShape],
    classes: [...classes],
    ...given({ vocabulary, graph, preprocessing: preprocessing && toPreprocessingFile(preprocessing) }),
    ...(normalisation === undefined
      ? {}
      : { normalisation: { mean: [...normalisation.mean], std: [...normalisation.std] } }),
    parameters: network.parameterCount,
    layers: network.layers.map(({ name, kind, outputShape }) => ({ name, kind, output_shape: [...outputShape] })),
  };
  writeFileAtomically(within(folder, 'model.json'), toJsonText(description));
}

/** Writes `model.safetensors` in PyTorch's names and layout. */
export function writeWeights(folder: string, state: TensorMap): void {
  writeTensorFile(within(folder, weightsFile), state);
}

/** What `model.json` in a folder says. @throws CupbearerError `not-found` or `bad-data`. */
export function readNetworkSpec(folder: string): NetworkSpec {
  const place = within(folder, 'model.json');
  return parseNetworkSpec(readJsonFile(place, descriptionBounds), pathOf(place));
}

/** The inverse of what {@link writeModelDescription} writes. @throws CupbearerError `bad-data` naming `source`. */
export function parseNetworkSpec(content: unknown, source: string): NetworkSpec {
  const format = (content as { format?: unknown } | null)?.format;
  if (isOnnxDescription(content)) {
    throw new CupbearerError(
      'usage',
      `The model that "${source}" describes is an ONNX graph, where one of this program is needed.`,
      {
        hint: 'Take a model of this program, or one imported with model.safetensors.',
      },
    );
  }
  if (typeof format === 'number' && format > modelFormat) {
    throw new CupbearerError(
      'bad-data',
      `"${source}" was written by a newer version (format ${format}; this program reads ${modelFormat}).`,
      { hint: 'Update Cupbearer to use this folder.' },
    );
  }
  const parsed = modelFile.safeParse(content);
  if (!parsed.success) {
    const faults = explainFaults(parsed.error.issues, content);
    throw new CupbearerError('bad-data', `"${source}" does not describe a model of format ${modelFormat}. ${faults}`);
  }
  const { architecture, classes, vocabulary, graph, preprocessing: stated = {}, normalisation } = parsed.data;
  const inputShape = inputShapeOf(parsed.data.input_shape, stated, source);
  const known = { architecture, inputShape, classes, ...given({ vocabulary, graph }) };
  const preprocessing = preprocessingOf(stated, known, source);
  const spec = { ...known, ...given({ preprocessing }) };
  if (!normalisation) return spec;
  checkNormalisation(normalisation, spec, source);
  return { ...spec, normalisation };
}

/** @throws CupbearerError `bad-data` naming `source` if inputs have another number of channels, or none. */
function checkNormalisation({ mean, std }: Normalisation, spec: NetworkSpec, source: string): void {
  const channels = spec.inputShape.at(-1)!;
  if (spec.vocabulary === undefined && mean.length === channels && std.length === channels) return;
  const expected =
    spec.vocabulary === undefined ? `${channels} values of mean and of std` : 'no normalisation of texts';
  throw new CupbearerError('bad-data', `"${source}": expected ${expected}, found ${mean.length} and ${std.length}.`);
}

/** Reads a model saved by the functions above. @throws CupbearerError `not-found` or `bad-data`. */
export function readModel(folder: string): Network {
  const network = new Network(readNetworkSpec(folder), 0);
  const weights = within(folder, weightsFile);
  network.load(readTensorFile(weights).tensors, pathOf(weights));
  return network;
}
