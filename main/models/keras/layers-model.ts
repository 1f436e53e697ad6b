import { command, worded } from '../../../shared/wording.ts';
import { z } from 'zod';
import type { NamedTensor, TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { kerasConversion } from '../../storage/foreign-weights.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { isThere, pathOf, within } from '../../storage/within-folder.ts';
import { NetworkOutline, type NetworkSpec } from '../network-outline.ts';
import { weightShapes } from '../weights.ts';
import { graphOfTopology, type WeightSource } from './graph-of-topology.ts';
import { parseTopology } from './topology.ts';
import { parseManifest, readShards, shardNames, type WeightManifest } from './weight-shards.ts';

/** A topology is nested more deeply than any file of ours. */
const bounds = { mostDepth: 100, mostBytes: 2 ** 25 };
const labelBounds = { mostDepth: 8, mostBytes: 2 ** 20 };

const modelName = 'model.json';
/** Where Teachable Machine writes the names of the classes. */
export const labelsName = 'metadata.json';

/** What a model.json of TensorFlow.js says. */
interface LayersModel {
  readonly topology: unknown;
  readonly manifest: WeightManifest;
}

/**
 * Returns the model that the `model.json` in a folder describes in the format of TensorFlow.js; undefined if it is in ours.
 * @throws CupbearerError `not-found`; `bad-data` if it is a graph model, a topology without weights, or damaged.
 */
export function readLayersModel(folder: string): LayersModel | undefined {
  const place = within(folder, modelName);
  const source = pathOf(place);
  const content = readJsonFile(place, bounds) as Record<string, unknown> | null;
  if (typeof content !== 'object' || content === null) return undefined;
  const { modelTopology: topology, weightsManifest: manifest, class_name: className, format } = content;
  if (typeof className === 'string' && topology === undefined) {
    throw new CupbearerError('bad-data', `"${source}" is the topology of a Keras model, without its weights.`, {
      hint: kerasConversion('model.keras'),
    });
  }
  if (topology === undefined) return undefined;
  if (format === 'graph-model' || Object.hasOwn(Object(topology) as object, 'node')) {
    throw new CupbearerError('bad-data', `"${source}": expected a layers model, found a graph model of TensorFlow.`, {
      hint: `Its layers are not in it any more. Where the Keras model is at hand: ${kerasConversion('model.keras')}`,
    });
  }
  return { topology, manifest: parseManifest(manifest, source) };
}

/** The files that a model consists of beside its model.json. */
export function layersModelFiles({ manifest }: LayersModel): string[] {
  return shardNames(manifest);
}

const labels = z.object({
  labels: z
    .array(z.string().min(1).max(1000))
    .min(2)
    .max(2 ** 16),
});

/** The names of the classes in the metadata.json that Teachable Machine writes; undefined if there are none. */
export function labelsBeside(folder: string): string[] | undefined {
  const place = within(folder, labelsName);
  if (!isThere(place)) return undefined;
  const parsed = labels.safeParse(readJsonFile(place, labelBounds));
  return parsed.success ? parsed.data.labels : undefined;
}

/**
 * The network that a layers model becomes, and its weights in PyTorch's names and layout.
 * @throws CupbearerError `bad-data` naming file, layer and weight; `usage` if it does not fit its classes or is too large.
 */
export function convertLayersModel(
  folder: string,
  { topology: content, manifest }: LayersModel,
  classes: readonly string[] | undefined,
): { spec: NetworkSpec; weights: TensorMap } {
  const source = pathOf(within(folder, modelName));
  const topology = parseTopology(content, source);
  const { inputShape } = topology;
  if (!isKnown(inputShape)) {
    const found = inputShape.map((size) => size ?? 'any').join(' x ');
    throw new CupbearerError('bad-data', `"${source}": expected inputs of one size, found ${found}.`, {
      hint: 'Write the size of the pictures into batch_input_shape of the first layer in model.json.',
    });
  }
  const { graph, weights: sources } = graphOfTopology(topology, source);
  if (classes === undefined) {
    throw new CupbearerError('usage', 'The names of the model’s classes are not in its files.', {
      hint: worded`Name them in the order of its outputs, separated by commas${command(': --classes cat,dog', '.')}`,
      details: { faults: [{ path: ['classes'], message: 'Name the classes in the order of the model’s outputs.' }] },
    });
  }
  const spec: NetworkSpec = { architecture: { name: 'graph' }, inputShape, classes, graph };
  const shapes = weightShapes(new NetworkOutline(spec));
  const stored = readShards(folder, manifest);
  return { spec, weights: Object.fromEntries(sources.map((each) => [each.target, weightOf(stored, each, shapes)])) };
}

function isKnown(shape: readonly (number | null)[]): shape is readonly number[] {
  return !shape.includes(null);
}

function weightOf(
  stored: TensorMap,
  { target, layer, weight, axes, seenAs }: WeightSource,
  shapes: ReadonlyMap<string, readonly number[]>,
): NamedTensor {
  const found = storedWeight(stored, layer, weight);
  const expected = shapes.get(target)!;
  const seen = seenAs?.(found.shape) ?? [...found.shape];
  const shape = axes.map((axis) => seen[axis] ?? 0);
  if (seen.length !== axes.length || shape.join() !== expected.join()) {
    const inKeras = axes.map((_, axis) => expected[axes.indexOf(axis)]!);
    throw new CupbearerError(
      'bad-data',
      `model.json: the weight "${layer}/${weight}" has shape [${found.shape.join(', ')}], expected [${inKeras.join(', ')}].`,
    );
  }
  return { shape, data: transposed(found.data as Float32Array, seen, axes) };
}

/** Names are `layer/weight`, perhaps below those of models that the layer is in, and perhaps with a number of TensorFlow's. */
function storedWeight(stored: TensorMap, layer: string, weight: string): NamedTensor {
  const plain = (name: string) => name.replace(/:\d+$/, '');
  const own = `${layer}/${weight}`;
  const names = Object.keys(stored);
  const found = names.filter((name) => plain(name) === own);
  const below = found.length > 0 ? found : names.filter((name) => plain(name).endsWith(`/${own}`));
  if (below.length === 1) return stored[below[0]!]!;
  throw new CupbearerError(
    'bad-data',
    `model.json: expected one weight "${own}", found ${below.length === 0 ? 'none' : below.join(', ')}.`,
  );
}

/** Values with their axes in another order, row-major. */
function transposed(data: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const target = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const at = target.map(() => 0);
  let from = 0;
  for (let k = 0; k < result.length; k++) {
    result[k] = data[from]!;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < target[axis]!) break;
      from -= steps[axis]! * target[axis]!;
      at[axis] = 0;
    }
  }
  return result;
}
