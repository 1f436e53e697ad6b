import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { pathOf, type Place } from '../../storage/within-folder.ts';
import { refuse, type FoundArray } from './found-array.ts';
import { naturally } from './natural-order.ts';
import { lengthNames, wholeNumbers } from './stored-layers.ts';

/** How the file is called that says which tensor lies in which of several files; Hugging Face's form. */
export const indexFile = /\.safetensors\.index\.json$/;

/** A large model's index has some thousand lines. */
const bounds = { mostDepth: 8, mostBytes: 2 ** 25 };

/** A file beside the index: a name, never a way out. */
const fileName = z
  .string()
  .max(255)
  .regex(/^[^/\\\0]+\.safetensors$/, 'expected the name of a .safetensors file');

const indexSchema = z.object({
  weight_map: z.record(z.string(), fileName),
  /** Of exports that cut layers by samples: which of them each file holds, the first one and the one after the last. */
  cupbearer: z.object({ rows: z.record(fileName, z.tuple([z.int().nonnegative(), z.int().nonnegative()])) }).optional(),
});

/** The files that an index names, in the order of the samples in them. */
interface ShardIndex {
  readonly place: Place;
  readonly files: readonly string[];
  readonly tensors: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, readonly [number, number]>> | undefined;
}

/** @throws CupbearerError `bad-data` if it is no such index, or the files do not hold all samples one after another; `storage`. */
export function readShardIndex(place: Place): ShardIndex {
  const parsed = indexSchema.safeParse(readJsonFile(place, bounds));
  const path = pathOf(place);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CupbearerError('bad-data', `"${path}", ${issue!.path.join('.') || 'the whole'}: ${issue!.message}.`);
  }
  const { weight_map: tensors, cupbearer } = parsed.data;
  const rows = cupbearer?.rows;
  const named = [...new Set(Object.values(tensors))];
  if (!rows) return { place, files: named.sort(naturally), tensors, rows: undefined };
  const files = Object.entries(rows).sort(([, [a]], [, [b]]) => a - b);
  let end = 0;
  for (const [file, [from, to]] of files) {
    if (from !== end || to < from)
      throw new CupbearerError(
        'bad-data',
        `"${path}": expected "${file}" to begin with sample ${end}, found ${from} to ${to}.`,
      );
    end = to;
  }
  const missing = named.find((file) => !rows[file]);
  if (missing !== undefined)
    throw new CupbearerError('bad-data', `"${path}": expected the samples of "${missing}", found none among the rows.`);
  return { place, files: files.map(([file]) => file), tensors, rows };
}

/** @throws CupbearerError `bad-data` if a file does not hold the tensors or samples that the index says. */
export function checkShards(index: ShardIndex, arrays: ReadonlyMap<string, readonly FoundArray[]>): void {
  for (const [tensor, file] of Object.entries(index.tensors)) {
    if (arrays.get(file)?.some(({ name }) => name === tensor)) continue;
    throw new CupbearerError(
      'bad-data',
      `"${pathOf(index.place)}": expected the tensor "${tensor}" in "${file}", found none of that name.`,
    );
  }
  if (!index.rows) {
    for (const [file, found] of arrays)
      for (const array of found)
        if (index.tensors[array.name] !== undefined && index.tensors[array.name] !== file)
          refuse(array, `it in "${index.tensors[array.name]}" alone, as the index says`, 'it here as well');
    return;
  }
  for (const [file, [from, to]] of Object.entries(index.rows)) {
    const found = arrays.get(file) ?? [];
    const sizes = found.find(({ name }) => lengthNames.includes(name));
    const tokens = sizes && tokensOf(sizes);
    for (const array of found) {
      const expected = array === sizes ? to - from + (array.name === 'offsets' ? 1 : 0) : to - from;
      const rows = array.shape[0] ?? 0;
      if (rows !== expected && rows !== tokens)
        refuse(array, `${expected} samples, which the index says`, String(rows));
    }
  }
}

function tokensOf(sizes: FoundArray): number {
  const numbers = wholeNumbers(sizes);
  return sizes.name === 'offsets' ? (numbers.at(-1) ?? 0) : numbers.reduce((sum, length) => sum + length, 0);
}
