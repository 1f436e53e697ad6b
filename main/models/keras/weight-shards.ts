import { z } from 'zod';
import type { NamedTensor, TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { numbered } from '../../../shared/format.ts';
import { explainFaults } from '../../../shared/schema/problems.ts';
import { parseShape } from '../../storage/element-type.ts';
import { refusePointer } from '../../storage/foreign-weights.ts';
import { fileSize, readFileBytes } from '../../storage/read-file.ts';
import { isThere, within } from '../../storage/within-folder.ts';

/** Bounds of a manifest: weights of at most two gigabytes. */
const mostGroups = 1000;
const mostFiles = 10_000;
const mostWeights = 100_000;
const mostBytes = 2 ** 31 - 1;

/** Bytes of a value by its type in the file. */
const sizes = { float32: 4, int32: 4, float16: 2, uint16: 2, uint8: 1, bool: 1 } as const;
type StoredType = keyof typeof sizes;

const manifestSchema = z
  .array(
    z.object({
      paths: z
        .array(
          z
            .string()
            .min(1)
            .max(255)
            .regex(/^[^/\\\0]+$/, 'must be the name of a file in the same folder')
            .regex(/^[^.]/, 'must not begin with a dot'),
        )
        .min(1)
        .max(mostFiles),
      weights: z
        .array(
          z.object({
            name: z.string().min(1).max(2000),
            shape: z.array(z.int().nonnegative()).max(8),
            dtype: z.enum(['float32', 'int32', 'uint8', 'bool']),
            quantization: z
              .object({
                dtype: z.enum(['uint8', 'uint16', 'float16']),
                scale: z.number().optional(),
                min: z.number().optional(),
              })
              .optional(),
          }),
        )
        .max(mostWeights),
    }),
  )
  .max(mostGroups);

/** The `weightsManifest` of a TensorFlow.js model: files, and the arrays that lie in them one after the other. */
export type WeightManifest = z.infer<typeof manifestSchema>;
type Entry = WeightManifest[number]['weights'][number];

/** @throws CupbearerError `bad-data` naming `source`. */
export function parseManifest(content: unknown, source: string): WeightManifest {
  const parsed = manifestSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = explainFaults(parsed.error.issues, content);
  throw new CupbearerError('bad-data', `"${source}": its weightsManifest cannot be read. ${faults}`);
}

/** The names of the files that a manifest lists. */
export function shardNames(manifest: WeightManifest): string[] {
  return manifest.flatMap(({ paths }) => paths);
}

/**
 * The arrays of a manifest, whose files lie in `folder`, quantised ones as float32.
 * @throws CupbearerError `usage` if a file is missing; `bad-data` if files are not as large as their arrays, `storage`.
 */
export function readShards(folder: string, manifest: WeightManifest): TensorMap {
  const tensors: TensorMap = {};
  for (const { paths, weights } of manifest) {
    const expected = weights.reduce((sum, entry) => sum + bytesOf(entry), 0);
    checkFiles(folder, paths, expected);
    const bytes = Buffer.concat(paths.map((path) => readFileBytes(within(folder, path))));
    let at = 0;
    for (const entry of weights) {
      if (Object.hasOwn(tensors, entry.name))
        throw new CupbearerError('bad-data', `${paths[0]!}: expected one weight "${entry.name}", found two.`);
      tensors[entry.name] = decoded(entry, bytes.subarray(at, at + bytesOf(entry)));
      at += bytesOf(entry);
    }
  }
  return tensors;
}

function checkFiles(folder: string, paths: readonly string[], expected: number): void {
  const missing = paths.find((path) => !isThere(within(folder, path)));
  if (missing !== undefined) {
    throw new CupbearerError('usage', `The weights "${missing}" that model.json names are missing.`, {
      hint: 'Import the folder with model.json and all files that it names.',
    });
  }
  for (const path of paths) refusePointer(within(folder, path));
  const found = paths.reduce((sum, path) => sum + fileSize(within(folder, path)), 0);
  if (!(expected <= mostBytes)) {
    throw new CupbearerError('bad-data', `${paths[0]!}: expected at most ${mostBytes} bytes, found ${expected}.`);
  }
  if (found === expected) return;
  throw new CupbearerError(
    'bad-data',
    `${paths.join(', ')}: expected ${numbered(expected, 'byte')} of weights, as model.json says, found ${found}.`,
    { hint: 'Download the model again: a file is cut off, or belongs to another model.' },
  );
}

const typeOf = ({ dtype, quantization }: Entry): StoredType => quantization?.dtype ?? dtype;

function countOf({ shape, name }: Entry): number {
  const count = parseShape(shape)?.count;
  if (count !== undefined) return count;
  throw new CupbearerError('bad-data', `model.json: the weight "${name}" has a shape beyond what can be held.`);
}

const bytesOf = (entry: Entry) => countOf(entry) * sizes[typeOf(entry)];

function decoded(entry: Entry, bytes: Uint8Array): NamedTensor {
  const { quantization } = entry;
  const raw = values(typeOf(entry), bytes, countOf(entry));
  if (quantization === undefined || quantization.dtype === 'float16') return { shape: entry.shape, data: raw };
  const { scale = 1, min = 0 } = quantization;
  return { shape: entry.shape, data: Float32Array.from(raw, (value) => value * scale + min) };
}

function values(type: StoredType, bytes: Uint8Array, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read: (k: number) => number = {
    float32: (k: number) => view.getFloat32(4 * k, true),
    int32: (k: number) => view.getInt32(4 * k, true),
    float16: (k: number) => view.getFloat16(2 * k, true),
    uint16: (k: number) => view.getUint16(2 * k, true),
    uint8: (k: number) => view.getUint8(k),
    bool: (k: number) => view.getUint8(k),
  }[type];
  const found = new Float32Array(count);
  for (let k = 0; k < count; k++) found[k] = read(k);
  return found;
}
