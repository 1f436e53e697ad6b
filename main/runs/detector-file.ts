import { z } from 'zod';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { pick } from '../../shared/schema/fields.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import { given } from '../../shared/given.ts';
import type { DetectorState, PickedDetector } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import type { Standardisation } from '../evaluation/aggregate-layers.ts';
import { readTensorFile, readTensorMetadata, writeTensorFile } from '../storage/tensor-file.ts';
import { pathOf, within, type Within } from '../storage/within-folder.ts';

/** A detector with its fitted state, ready to score. */
export interface FittedDetector {
  spec: PickedDetector;
  state: DetectorState;
  /** Activations it looks at, in the order of the network. */
  layers: readonly string[];
  /** Mean and deviation by which its layers' scores are standardised, if they are combined that way. */
  standardisation?: Standardisation;
}

const detectorFormat = '1';

/** Returns where a run stores its fitted detector. */
export function detectorFile(folder: string): Within {
  return within(folder, 'detector.safetensors');
}

/** Writes a fitted detector as `detector.safetensors`, with its numbers and words as metadata of the file. */
export function writeDetector(folder: string, { spec, state, layers, standardisation }: FittedDetector): void {
  writeTensorFile(detectorFile(folder), state.tensors, {
    format: detectorFormat,
    spec: JSON.stringify(spec),
    layers: JSON.stringify(layers),
    values: JSON.stringify(state.values),
    ...given({ standardisation: standardisation && JSON.stringify(standardisation) }),
  });
}

/** What stands in the metadata of a detector's file, each part as JSON. */
const metadataParts = {
  spec: pick(() => detectorRegistry, { label: 'Detector', help: 'The method' }),
  layers: z.array(z.string()),
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  standardisation: z.record(z.string(), z.object({ mean: z.number(), deviation: z.number() })),
};

/** Reads a detector written by {@link writeDetector}. @throws CupbearerError `not-found` or `bad-data`. */
export function readDetector(folder: string): FittedDetector {
  const place = detectorFile(folder);
  const file = pathOf(place);
  const { tensors, metadata } = readTensorFile(place);
  checkFormat(metadata, file);
  const spec = metadataPart(metadata, 'spec', file);
  return {
    spec,
    state: { tensors: tensors satisfies TensorMap, values: metadataPart(metadata, 'values', file) },
    layers: metadataPart(metadata, 'layers', file),
    ...given({
      standardisation: metadata['standardisation'] ? metadataPart(metadata, 'standardisation', file) : undefined,
    }),
  };
}

/** Returns the activations that the detector in `folder` looks at, without reading its state. */
export function detectorLayers(folder: string): string[] {
  return metadataPartOf(folder, 'layers');
}

/** Returns the name and parameters of the detector in `folder`, without reading its state. */
export function readDetectorSpec(folder: string): PickedDetector {
  return metadataPartOf(folder, 'spec');
}

function metadataPartOf<K extends keyof typeof metadataParts>(folder: string, key: K) {
  const place = detectorFile(folder);
  const file = pathOf(place);
  const metadata = readTensorMetadata(place);
  checkFormat(metadata, file);
  return metadataPart(metadata, key, file);
}

function checkFormat(metadata: Record<string, string>, file: string): void {
  if (metadata['format'] === detectorFormat) return;
  throw new CupbearerError(
    'bad-data',
    `${file} has format ${metadata['format'] ?? 'none'}; this program reads ${detectorFormat}.`,
  );
}

function metadataPart<K extends keyof typeof metadataParts>(
  metadata: Record<string, string>,
  key: K,
  file: string,
): z.output<(typeof metadataParts)[K]> {
  const lacks = (why: string) =>
    new CupbearerError('bad-data', `${file} does not hold a detector: its "${key}" cannot be read. ${why}`.trim());
  let value: unknown;
  try {
    value = parseBoundedJson(metadata[key]!);
  } catch {
    throw lacks('');
  }
  const parsed = metadataParts[key].safeParse(value);
  if (!parsed.success) throw lacks(explainFaults(parsed.error.issues, value));
  return parsed.data as z.output<(typeof metadataParts)[K]>;
}
