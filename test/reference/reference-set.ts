import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type {
  DetectorContext,
  DetectorDefinition,
  DetectorParams,
  DetectorState,
  Features,
  FeatureStream,
} from '../../main/detectors/detector.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { parseNpy } from '../../main/storage/npy.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { paramsOf } from '../../shared/schema/fields.ts';
import { sharedFolder } from '../shared-folder.ts';

/** What expected.json says of one detector; the folder's README tells what each key means. */
interface Expected {
  [key: string]: unknown;
  settings: Record<string, unknown>;
  /** By layer; one entry has them in float64 alone. */
  scores?: Record<string, number[]>;
  scores_float64?: Record<string, number[]>;
  metrics: Record<string, { AUC_ROC: number; AP?: number }>;
}

export type Group = 'trusted' | 'untrusted' | 'eval';

const named = process.env['CUPBEARER_REFERENCE'];
const folder = named ?? (sharedFolder && join(sharedFolder, 'reference', 'mnist-mlp-corner'));
// A folder that was named must be there: skipping would look like agreement.
const present = folder !== undefined && (named !== undefined || existsSync(folder));

/** As vitest's `describe`, but skipped on machines that have no reference set. */
export const describeReference = describe.skipIf(!present);

const contents = present
  ? (JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
      layers: string[];
      detectors: Record<string, Expected>;
    })
  : { layers: [], detectors: {} };

/** All entries by name; none where there is no reference set. */
export const { detectors: entries, layers: layerNames } = contents;

/** The entry `name`. Throws where there is none. */
export function entry(name: string): Expected {
  const found = entries[name];
  if (!found) throw new Error(`expected.json has no entry "${name}".`);
  return found;
}

/** The file `<name>.npy`. */
export function pathOf(name: string): string {
  return join(folder!, `${name}.npy`);
}

/** The array `<name>.npy`. */
export function array(name: string): NamedTensor {
  const path = pathOf(name);
  return parseNpy(readFileSync(path), path);
}

/** The float64 array `<name>.npy`. */
export function doubleArray(name: string): Float64Array {
  return Float64Array.from(array(name).data);
}

/** `layers.linear_0.output` is `linear_0` in file names. */
export function shortName(layer: string): string {
  return layer.split('.').at(-2);
}

/** 1 where a row of the group has the trigger, `[n]`. */
export function anomalous(group: Group): Uint8Array {
  return array(`${group}_anomaly`).data as Uint8Array;
}

type WholeBatch = Required<ActivationBatch>;

/** Rows of a group as a detector sees them: stored activations, pixels from 0 to 1, logits. */
export function batchOf(group: Group, names: readonly string[] = layerNames): WholeBatch {
  const images = array(`${group}_images`);
  const size = images.shape[0]!;
  const activations = (layer: string) => array(`${group}_${shortName(layer)}`).data as Float32Array;
  return {
    inputs: Float32Array.from(images.data, (value) => value / 255),
    labels: Int32Array.from(array(`${group}_labels`).data),
    size,
    indices: array(`${group}_mnist_test_index`).data as Int32Array,
    layers: new Map(names.map((name) => [name, activations(name)])),
    logits: activations(layerNames.at(-1)),
  };
}

/** Rows `from` to `to` of a batch. */
function part(batch: WholeBatch, from: number, to: number): WholeBatch {
  const cut = (x: Float32Array) => {
    const d = x.length / batch.size;
    return x.subarray(from * d, to * d);
  };
  return {
    inputs: cut(batch.inputs),
    labels: batch.labels.subarray(from, to),
    size: to - from,
    indices: batch.indices.subarray(from, to),
    layers: new Map([...batch.layers].map(([name, x]) => [name, cut(x)])),
    logits: cut(batch.logits),
  };
}

function streamOf(batch: WholeBatch, batchSize: number, labels?: Uint8Array): FeatureStream {
  return {
    length: batch.size,
    ...(labels ? { anomalous: labels } : {}),
    async *batches() {
      for (let from = 0; from < batch.size; from += batchSize) {
        yield part(batch, from, Math.min(batch.size, from + batchSize));
      }
    },
  };
}

/** The stored activations as what a detector learns from, in batches of `batchSize` (one batch unless given). */
export function featuresOf(names: readonly string[] = layerNames, batchSize = Infinity): Features {
  const trusted = batchOf('trusted', names);
  return {
    layers: [...trusted.layers].map(([name, x]) => ({ name, dims: x.length / trusted.size })),
    trusted: streamOf(trusted, batchSize),
    untrusted: streamOf(batchOf('untrusted', names), batchSize, anomalous('untrusted')),
  };
}

/** For detectors that look at nothing but activations. */
const context: DetectorContext = {
  get network(): never {
    throw new Error('This detector should not need the network.');
  },
  stream: RandomStream.from(0, 'reference'),
};

/** Fits a registered detector with `params` over its defaults. */
export function fit(
  definition: DetectorDefinition,
  params: Record<string, unknown>,
  features: Features,
): Promise<DetectorState> {
  return definition.fit(features, paramsOf(definition).parse(params) as DetectorParams, context);
}

/** Scores of the eval rows by layer. */
export async function score(
  definition: DetectorDefinition,
  state: DetectorState,
  names: readonly string[] = layerNames,
): Promise<Record<string, Float64Array>> {
  return Object.fromEntries(await definition.score(state, batchOf('eval', names), context));
}

/** Compares by the largest difference over the largest expected magnitude. */
export function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const own = Math.abs(found[i]! - expected[i]!);
    // NaN must not pass for small.
    difference = own <= difference ? difference : own;
  }
  expect(largest).toBeGreaterThan(0);
  expect(difference / largest).toBeLessThanOrEqual(tolerance);
}

/**
 * Compares scores by layer with an entry's: those of its float64 run where it has one within `tolerance`, those of its
 * float32 run within 1e-3, as the folder's README suggests.
 */
export function expectScores(
  found: Record<string, Float64Array>,
  expected: Expected,
  tolerance: number,
  float32Tolerance = 1e-3,
): void {
  const exact = expected.scores_float64;
  const rounded = expected.scores;
  expect(exact ?? rounded).toBeDefined();
  for (const [layer, scores] of Object.entries(exact ?? {})) expectNear(found[layer]!, scores, tolerance);
  for (const [layer, scores] of Object.entries(rounded ?? {})) expectNear(found[layer]!, scores, float32Tolerance);
}
