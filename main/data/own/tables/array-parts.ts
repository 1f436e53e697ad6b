import { CupbearerError } from '../../../../shared/errors.ts';
import { ByteFile } from '../../../storage/byte-file.ts';
import { WatchedFile } from '../../../storage/watched-file.ts';
import { npyArray, placeOf, type FoundArray } from '../../stored/found-array.ts';
import { npzArrays } from '../../stored/npz.ts';
import { RowReader } from '../../stored/stored-rows.ts';
import { floatTypes } from '../../../storage/float-types.ts';
import type { ImportOptions } from '../../import-options.ts';
import { halfOf, roleOf, type HalfName, type Role } from './half-names.ts';
import type { Samples, SourcePart } from './source-part.ts';

/** A file to read, and its path below what was imported. */
export interface TableFile {
  readonly source: string;
  readonly parts: readonly string[];
}

interface Named {
  readonly array: FoundArray;
  readonly half: HalfName | undefined;
  readonly role: Role;
}

/** Most samples, whose labels are held in memory, and most values of one. */
const mostSamples = 2 ** 24;
const mostValues = 2 ** 24;

/**
 * Pairs of inputs and labels in `.npz` and `.npy` files, which their names tell apart: `x_train`, `train_labels`, `test/y.npy`.
 * @throws CupbearerError `bad-data` naming file and array, what was expected and what was found; `storage`.
 */
export async function arrayParts(files: readonly TableFile[], { layout }: ImportOptions): Promise<SourcePart[]> {
  const found: { array: FoundArray; parts: readonly string[] }[] = [];
  for (const { source, parts } of files) {
    const file = new WatchedFile(source);
    const name = parts.at(-1)!;
    if (/\.npy$/i.test(name)) found.push({ array: npyArray(file, name.replace(/\.npy$/i, '')), parts });
    else for (const array of await npzArrays(file)) found.push({ array, parts: [...parts, array.name] });
  }
  const named = found.flatMap(({ array, parts }): Named[] => {
    const role = roleOf(array.name) ?? roleOf(parts.at(-1)!);
    return role === undefined ? [] : [{ array, role, half: halfOf(parts) }];
  });
  const pairs = Map.groupBy(named, ({ half }) => half);
  if (pairs.size === 0) throw noPair(files, found.map(({ array }) => array)); // prettier-ignore
  return [...pairs].map(([half, members]) => {
    const inputs = one(members, 'inputs', half);
    return partOf(inputs, one(members, 'labels', half), half, layout);
  });
}

function noPair(files: readonly TableFile[], arrays: readonly FoundArray[]): CupbearerError {
  const names = arrays.map(({ name }) => name).join(', ');
  return new CupbearerError(
    'bad-data',
    `"${files[0]!.source}": expected arrays of inputs and of labels, such as x_train and y_train, found ${names || 'none'}.`,
    { hint: 'Save them under such names in Python: numpy.savez(file, x=inputs, y=labels).' },
  );
}

function one(members: readonly Named[], role: Role, half: HalfName | undefined): FoundArray {
  const [first, second] = members.filter((member) => member.role === role);
  const of = half === undefined ? '' : ` of the half "${half}"`;
  const { array } = members[0]!;
  if (first === undefined)
    throw new CupbearerError('bad-data', `${placeOf(array)}: expected an array of ${role}${of} beside it, found none.`);
  if (second === undefined) return first.array;
  throw new CupbearerError(
    'bad-data',
    `${placeOf(second.array)}: expected one array of ${role}${of}, found "${first.array.name}" as well.`,
  );
}

function partOf(
  inputs: FoundArray,
  labels: FoundArray,
  half: HalfName | undefined,
  layout: ImportOptions['layout'],
): SourcePart {
  const [count = 0] = inputs.shape;
  const [labelled = 0, ...more] = labels.shape;
  const fault = (array: FoundArray, expected: string) =>
    new CupbearerError(
      'bad-data',
      `${placeOf(array)}: expected ${expected}, found shape [${array.shape.join(', ')}] of ${array.type}.`,
    );
  if (more.some((side) => side !== 1) || labels.shape.length === 0) throw fault(labels, 'one whole number a sample');
  if (inputs.shape.length < 2 || inputs.shape.length > 4 || inputs.shape.includes(0))
    throw fault(inputs, 'features [n, d] or images [n, height, width] or [n, height, width, channels]');
  if (labelled !== count) throw fault(labels, `${count} labels, as there are inputs in "${inputs.name}"`);
  if (count > mostSamples) throw fault(inputs, `at most ${mostSamples} samples`);
  if (inputs.shape.slice(1).reduce((product, side) => product * side, 1) > mostValues)
    throw fault(inputs, `at most ${mostValues} values a sample`);
  const values = rowsOf(labels).read('rows', range(count));
  const wrong = values.findIndex((value) => !Number.isInteger(value));
  if (wrong !== -1)
    throw new CupbearerError(
      'bad-data',
      `${placeOf(labels)}: expected whole numbers, found ${values[wrong]} at row ${wrong}.`,
    );
  return { where: placeOf(inputs), half, labels: Array.from(values), samples: samplesOf(inputs, layout) };
}

const range = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** Reads the rows of an array as float32. */
function rowsOf(array: FoundArray): RowReader {
  const { held, start, type, shape } = array;
  const width = shape.slice(1).reduce((product, side) => product * side, 1);
  const stride = array.stride ?? width * floatTypes.find(({ safetensors }) => safetensors === type)!.bytes;
  const blocks = [{ file: 0, start, stride, first: 0, rows: shape[0]! }];
  return new RowReader({
    files: [held instanceof ByteFile ? held.place : held.state],
    layers: { rows: { type, width, blocks } },
  });
}

function samplesOf(array: FoundArray, layout: ImportOptions['layout']): Samples {
  const reader = rowsOf(array);
  const own = array.shape.slice(1);
  const isBytes = array.type === 'U8' && own.length > 1;
  // Whatever was unpacked is there as long as it is referred to.
  const read = (indices: ArrayLike<number>) => (array.held.place, reader.read('rows', indices));
  if (own.length === 1) return { kind: 'rows', shape: own, isBytes, read };
  if (own.length === 2) return { kind: 'rows', shape: [...own, 1], isBytes, read };
  const [a, b, c] = own as [number, number, number];
  const isChannels = (side: number) => side === 1 || side === 3;
  const isFirst = layout === 'CHW' || (layout === 'auto' && isChannels(a) && !isChannels(c));
  const channels = isFirst ? a : c;
  if (!isChannels(channels)) {
    throw new CupbearerError(
      'bad-data',
      `${placeOf(array)}: expected images of 1 or 3 channels, found ${channels} in shape [${array.shape.join(', ')}].`,
    );
  }
  if (!isFirst) return { kind: 'rows', shape: own, isBytes, read };
  const shape = [b, c, a];
  return { kind: 'rows', shape, isBytes, read: (indices) => channelsLast(read(indices), shape) };
}

/** Images `[n, channels, height, width]` as `[n, height, width, channels]`. */
function channelsLast(values: Float32Array, [height, width, channels]: readonly number[]): Float32Array {
  const pixels = height! * width!;
  const result = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += pixels * channels!)
    for (let channel = 0; channel < channels!; channel++)
      for (let pixel = 0; pixel < pixels; pixel++)
        result[from + pixel * channels! + channel] = values[from + channel * pixels + pixel]!;
  return result;
}
