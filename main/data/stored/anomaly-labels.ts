import { extname, resolve } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { RowReader } from './stored-rows.ts';
import { WatchedFile } from '../../storage/watched-file.ts';
import { requireDataReach } from '../data-reach.ts';
import { npyArray } from './found-array.ts';
import { openMetadata } from './found-files.ts';
import type { MetadataValue } from '../dataset.ts';
import type { StoredSet } from './stored-set.ts';

/** Columns that labels are in, if a table has several. */
const labelColumns = ['label', 'labels', 'anomalous'];

/**
 * Resolves with the labels of a set's samples, `[n]`: 0 normal, 1 anomalous. `given` is a column of its metadata, or a file: `.npy`,
 * or a table (CSV, JSON lines, Parquet) with a column `label` or a single one.
 * @throws CupbearerError `bad-data` for any other label or another number of them; `not-found`; `storage`.
 */
export async function readAnomalyLabels(given: string, set: StoredSet): Promise<Uint8Array> {
  const { path, values } = await labelsFrom(given, set);
  if (values.length !== set.length) {
    throw new CupbearerError(
      'bad-data',
      `${path}: expected ${set.length} labels, one for each sample of "${set.path}", found ${values.length}.`,
    );
  }
  return Uint8Array.from(values, (value, row) => {
    const label = labelOf(value);
    if (label !== undefined) return label;
    throw new CupbearerError(
      'bad-data',
      `${path}: expected the labels 0 (normal) and 1 (anomalous), found ${named(value)} for sample ${row}.`,
    );
  });
}

/** `true` and `false` are labels as well: so pandas and JSON write a column of them. */
function labelOf(value: MetadataValue): 0 | 1 | undefined {
  const text = String(value).trim().toLowerCase();
  if (text === '0' || text === 'false') return 0;
  return text === '1' || text === 'true' ? 1 : undefined;
}

/** JSON has no NaN and no infinity. */
function named(value: MetadataValue): string {
  if (value === null) return 'none';
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

async function labelsFrom(given: string, set: StoredSet): Promise<{ path: string; values: readonly MetadataValue[] }> {
  if (set.metadata?.columns.includes(given))
    return { path: `"${set.metadata.path}", column "${given}"`, values: set.metadata.column(given) };
  const path = resolve(given);
  requireDataReach(path);
  if (extname(path).toLowerCase() === '.npy') return { path: `"${path}"`, values: npyLabels(path) };
  if (extname(path) === '') {
    const columns = set.metadata?.columns.map((column) => `"${column}"`).join(', ');
    throw new CupbearerError(
      'usage',
      `"${given}": expected a file of labels, or a column of the metadata${columns === undefined ? ', of which there are none' : ` (${columns})`}.`,
    );
  }
  const table = await openMetadata(path);
  const column = labelColumns.find((name) => table.columns.includes(name)) ?? table.columns[0]!;
  if (table.columns.length > 1 && !labelColumns.includes(column)) {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected a column "label", found ${table.columns.map((name) => `"${name}"`).join(', ')}.`,
    );
  }
  const values = table.column(column);
  table.close();
  // A single column without a name begins with a label.
  const isBare = table.columns.length === 1 && labelOf(column) !== undefined;
  return { path: `"${path}", column "${column}"`, values: isBare ? [column, ...values] : values };
}

function npyLabels(path: string): number[] {
  const file = new WatchedFile(path);
  const array = npyArray(file, 'labels');
  const [rows, ...more] = array.shape;
  if (rows === undefined || more.some((size) => size !== 1))
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected labels of shape [n], found the shape [${array.shape.join(', ')}].`,
    );
  const stride = array.bytes / Math.max(1, rows);
  const reader = new RowReader({
    files: [file.state],
    layers: {
      labels: { type: array.type, width: 1, blocks: [{ file: 0, start: array.start, stride, first: 0, rows }] },
    },
  });
  const values = reader.read(
    'labels',
    Int32Array.from({ length: rows }, (_, row) => row),
  );
  reader.close();
  file.close();
  return Array.from(values);
}
