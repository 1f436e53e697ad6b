import { command, worded } from '../../../../shared/wording.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { writeFileAtomically } from '../../../storage/atomic-write.ts';
import { toJsonText } from '../../../storage/json-text.ts';
import { within } from '../../../storage/within-folder.ts';
import { RandomStream } from '../../../tensor/random.ts';
import { checkNotCancelled } from '../../cancellation.ts';
import { foldNumber } from '../../name-forms.ts';
import { padding } from '../../texts.ts';
import { arrayFile, arraysName, type ArrayDescription } from '../../datasets/array-files.ts';
import { NpyWriter } from '../../../storage/npy-writer.ts';
import type { ImportOptions } from '../../import-options.ts';
import { arrayParts, type TableFile } from './array-parts.ts';
import type { Samples, SourcePart } from './source-part.ts';
import { tablePart } from './table-parts.ts';

/** What of an import may be followed. */
interface TakeContext {
  readonly signal: AbortSignal;
  readonly progress?: (phase: string, done: number, total: number) => void;
}

/** A sample: its part and its place there. */
interface Chosen {
  readonly part: number;
  readonly index: number;
  readonly label: number;
}

const arrayName = /\.np[yz]$/i;
const tableName = /\.(csv|parquet)$/i;
const mostClasses = 2 ** 16;
const blockRows = 512;

/** Whether a file holds arrays or a table. */
export function isTableName(name: string): boolean {
  return arrayName.test(name) || tableName.test(name);
}

/**
 * Reads arrays and tables, which are one dataset, and writes them into a folder as `array-folder` reads them.
 * @throws CupbearerError `bad-data` naming the file, what was expected and what was found; `storage`, `cancelled`.
 */
export async function takeTables(
  files: readonly TableFile[],
  folder: string,
  options: ImportOptions,
  context: TakeContext,
): Promise<void> {
  const arrays = files.filter(({ parts }) => arrayName.test(parts.at(-1)!));
  const tables = files.filter(({ parts }) => tableName.test(parts.at(-1)!));
  const parts = arrays.length > 0 ? await arrayParts(arrays, options) : [];
  for (const [done, table] of tables.entries()) {
    checkNotCancelled(context.signal, 'The import');
    context.progress?.('Reading', done, tables.length);
    parts.push(await tablePart(table, options));
  }
  const classes = classesOf(parts, options);
  const halves = split(parts, classes, options);
  const form = formOf(parts, halves.train, options);
  for (const half of ['train', 'test'] as const) {
    await writeHalf(folder, half, halves[half], parts, form, context);
  }
  const description: ArrayDescription = {
    format: 1,
    shape: [...form.shape],
    classes: classes.names,
    ...(form.vocabulary ? { vocabulary: form.vocabulary } : {}),
    type: form.type,
    counts: { train: halves.train.length, test: halves.test.length },
    source: `${files
      .map(({ parts: names }) => names.join('/'))
      .join(', ')
      .slice(0, 5000)}; ${halves.how}`,
  };
  writeFileAtomically(within(folder, arraysName), toJsonText(description));
}

/** The classes, and which one a label of a part is. */
interface Classes {
  readonly names: string[];
  of(part: SourcePart, label: string | number): number | undefined;
}

/**
 * The classes by what the files or the user say; else the labels themselves, numbers by their size and words by code points.
 * @throws CupbearerError `bad-data` if parts differ in the names of their classes, or a label is none of them.
 */
function classesOf(parts: readonly SourcePart[], { classes }: ImportOptions): Classes {
  const [named] = parts.flatMap(({ names }) => (names === undefined ? [] : [names]));
  const other = parts.find(({ names }) => names !== undefined && names.join('\0') !== named?.join('\0'));
  if (other && !classes)
    throw new CupbearerError('bad-data', `${other.where}: expected the classes ${listed(named!)}, as in ${parts[0]!.where}, found ${listed(other.names!)}.`); // prettier-ignore
  const known = classes ?? named;
  const found = new Set(parts.flatMap(({ labels }) => [...new Set(labels)]));
  if (known === undefined) {
    const sorted = [...found].sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1)); // prettier-ignore
    checkClassCount(sorted.length);
    const places = new Map(sorted.map((label, k) => [label, k]));
    return { names: sorted.map(String), of: (_, label) => places.get(label) };
  }
  checkClassCount(known.length);
  const places = new Map(known.map((name, k) => [foldNumber(name), k]));
  // A number is that of a class; a word is its name, and where the names are numbers, so is a number.
  const isNamed = [...found].every((label) => places.has(foldNumber(String(label))));
  return {
    names: [...known],
    of: (_, label) => {
      if (isNamed) return places.get(foldNumber(String(label)));
      return typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < known.length
        ? label
        : undefined;
    },
  };
}

function checkClassCount(count: number): void {
  if (count >= 2 && count <= mostClasses) return;
  throw new CupbearerError('bad-data', `Expected 2 to ${mostClasses} classes, found ${count}.`, {
    hint: worded`Name the column of the classes${command(': --label NAME', '.')}`,
  });
}

const listed = (names: readonly string[]) => names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');

/** Divides the samples into halves: as the files say, else by a drawn share of each class. */
function split(
  parts: readonly SourcePart[],
  classes: Classes,
  { test_fraction: fraction, split_seed: seed }: ImportOptions,
): { train: Chosen[]; test: Chosen[]; how: string } {
  const groups = { train: [] as Chosen[], test: [] as Chosen[], validation: [] as Chosen[], undecided: [] as Chosen[] };
  for (const [part, source] of parts.entries()) {
    for (const [index, value] of source.labels.entries()) {
      const label = classes.of(source, value);
      if (label === undefined)
        throw new CupbearerError('bad-data', `${source.where}, row ${index + 1}: expected a class of ${listed(classes.names)}, found ${JSON.stringify(value)}.`); // prettier-ignore
      const half = Array.isArray(source.half) ? (source.half as string[])[index] : (source.half as string | undefined);
      groups[(half ?? 'undecided') as keyof typeof groups].push({ part, index, label });
    }
  }
  const given = groups.test.length > 0 ? groups.test : groups.validation;
  const train = [...groups.train, ...groups.undecided];
  if (given.length > 0) return checkedHalves({ train, test: given, how: 'halves as in the files' });
  const test = new Set<Chosen>();
  for (const [label, members] of Map.groupBy(train, (sample) => sample.label)) {
    const order = RandomStream.from(seed, 'imported-split', classes.names[label]!).permutation(members.length);
    for (const k of order.subarray(0, Math.round(fraction * members.length))) test.add(members[k]!);
  }
  return checkedHalves({
    train: train.filter((sample) => !test.has(sample)),
    test: train.filter((sample) => test.has(sample)),
    how: `${fraction} of each class drawn for the test half with seed ${seed}`,
  });
}

function checkedHalves<T extends { train: Chosen[]; test: Chosen[] }>(halves: T): T {
  for (const half of ['train', 'test'] as const) {
    if (halves[half].length > 0) continue;
    throw new CupbearerError('bad-data', `Expected samples of the half "${half}", found none.`, {
      hint: worded`Name the files train and test, or let a larger share be drawn${command(': --test_fraction', '.')}`,
    });
  }
  return halves;
}

/** What samples become. */
interface Form {
  readonly shape: readonly number[];
  readonly type: 'uint8' | 'float32';
  readonly vocabulary?: string[];
  read(samples: Samples, indices: readonly number[]): Float32Array;
}

function formOf(parts: readonly SourcePart[], train: readonly Chosen[], options: ImportOptions): Form {
  const [first] = parts;
  const { samples } = first!;
  const shapeOf = (of: Samples) => (of.kind === 'rows' ? of.shape.join(' x ') : 'texts');
  const other = parts.find((part) => shapeOf(part.samples) !== shapeOf(samples));
  if (other)
    throw new CupbearerError('bad-data', `${other.where}: expected samples of ${shapeOf(samples)}, as in ${first!.where}, found ${shapeOf(other.samples)}.`); // prettier-ignore
  if (samples.kind === 'texts') return textForm(parts, train, options);
  const isBytes = parts.every((part) => part.samples.kind === 'rows' && part.samples.isBytes);
  return {
    shape: samples.shape,
    type: isBytes ? 'uint8' : 'float32',
    read: (of, indices) => (of.kind === 'rows' ? of.read(indices) : new Float32Array()),
  };
}

const unknown = '<unknown>';
const word = /[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu;
const wordsOf = (text: string): string[] => text.toLowerCase().match(word) ?? [];

/** Texts as the numbers of their words: the most frequent of the training half have one each, all others share one. */
function textForm(parts: readonly SourcePart[], train: readonly Chosen[], options: ImportOptions): Form {
  const counts = new Map<string, number>();
  for (const { part, index } of train) {
    const { samples } = parts[part]!;
    if (samples.kind !== 'texts') continue;
    for (const each of wordsOf(samples.texts[index]!)) counts.set(each, (counts.get(each) ?? 0) + 1);
  }
  const frequent = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, options.words)
    .map(([each]) => each.slice(0, 1000));
  const vocabulary = [padding, unknown, ...frequent];
  const tokens = new Map(vocabulary.map((each, token) => [each, token]));
  const { tokens: length } = options;
  return {
    shape: [length],
    type: 'float32',
    vocabulary,
    read(samples, indices) {
      const found = new Float32Array(indices.length * length);
      if (samples.kind !== 'texts') return found;
      for (const [k, index] of indices.entries()) {
        const kept = wordsOf(samples.texts[index]!).slice(0, length);
        found.set(kept.map((each) => tokens.get(each) ?? 1), (k + 1) * length - kept.length); // prettier-ignore
      }
      return found;
    },
  };
}

async function writeHalf(
  folder: string,
  half: 'train' | 'test',
  chosen: readonly Chosen[],
  parts: readonly SourcePart[],
  form: Form,
  { signal, progress }: TakeContext,
): Promise<void> {
  const labels = new NpyWriter(within(folder, arrayFile(half, 'labels')), '<i4', [chosen.length]);
  labels.append(Int32Array.from(chosen, ({ label }) => label));
  labels.close();
  const type = form.type === 'uint8' ? '|u1' : '<f4';
  const inputs = new NpyWriter(within(folder, arrayFile(half, 'inputs')), type, [chosen.length, ...form.shape]);
  try {
    // Neighbours of one part are read together.
    for (let at = 0; at < chosen.length;) {
      checkNotCancelled(signal, 'The import');
      const { part } = chosen[at]!;
      let end = at + 1;
      while (end < chosen.length && end - at < blockRows && chosen[end]!.part === part) end++;
      const { samples, where } = parts[part]!;
      const indices = chosen.slice(at, end).map(({ index }) => index);
      const values = form.read(samples, indices);
      if (form.type === 'uint8') inputs.append(Uint8Array.from(values));
      else inputs.append(form.shape.length === 3 ? asPixels(values, indices, where) : finite(values, indices, where));
      at = end;
      progress?.('Writing', at, chosen.length);
      await new Promise((done) => setImmediate(done));
    }
    inputs.close();
  } catch (error) {
    inputs.abandon();
    throw error;
  }
}

function finite(values: Float32Array, indices: readonly number[], where: string): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return values;
  const row = indices[Math.floor(at / (values.length / indices.length))]!;
  throw new CupbearerError('bad-data', `${where}, row ${row + 1}: expected finite numbers, found ${values[at]}.`);
}

function asPixels(values: Float32Array, indices: readonly number[], where: string): Float32Array {
  const at = finite(values, indices, where).findIndex((value) => value < 0 || value > 1);
  if (at === -1) return values;
  const row = indices[Math.floor(at / (values.length / indices.length))]!;
  throw new CupbearerError(
    'bad-data',
    `${where}, row ${row + 1}: expected images of bytes, or of values from 0 to 1, found ${values[at]}.`,
    { hint: 'Bring the values to 0 to 1 in Python: (x - x.min()) / (x.max() - x.min()).' },
  );
}
