import { statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { FileRole, FoundFile, RecordedLook, SetName } from '../../shared/domain/recorded.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { counted, numbered } from '../../shared/format.ts';
import { asPicked } from '../../shared/schema/fields.ts';
import { requireDataReach } from '../data/data-reach.ts';
import { readAnomalyLabels } from '../data/stored/anomaly-labels.ts';
import { npyArray } from '../data/stored/found-array.ts';
import { openMetadata } from '../data/stored/found-files.ts';
import { openStoredSet } from '../data/stored/open-stored-set.ts';
import { textsOf } from '../data/stored/recorded-samples.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';
import { WatchedFile } from '../storage/watched-file.ts';
import { foundContract } from './found-contract.ts';
import type { InspectionContext } from './inspection.ts';
import { openSetsOf, unlessFaulty } from './recorded-sets.ts';
import { drawIndices } from './show-samples.ts';

/** What the files of a task, and some beside it, are looked at for. */
interface RecordedQuestion {
  /** As the draft has it; its values may be wrong. */
  task: unknown;
  /** Paths of files that are used as nothing so far. */
  spare: readonly string[];
  /** Chooses which test samples are shown. */
  draw: number;
  count: number;
}

/** Returns what files of recorded activations say of themselves, without reading the activations. */
export async function lookAtRecorded(
  { task, spare, draw, count }: RecordedQuestion,
  { signal }: Pick<InspectionContext, 'signal'>,
): Promise<RecordedLook> {
  const params: Readonly<Record<string, unknown>> = asPicked(task) ?? {};
  const files: FoundFile[] = [];
  const others = spare.map((path) => ({ item: path, path, role: 'none' as const }));
  for (const file of [...namedFiles(params), ...others]) {
    signal.throwIfAborted();
    files.push(await fileOf(file));
  }
  const opened = await openSetsOf(task);
  const { sets } = opened;
  try {
    const common = commonLayers([...sets.values()]);
    const test = sets.get('test');
    return {
      files,
      sets: [...sets].map(([name, set]) => ({
        set: name,
        samples: set.length,
        tokens: set.lengths ? set.lengths.reduce((sum, length) => sum + length, 0) : null,
        layers: set.layers.map(({ name: layer, shape, isRagged, type, bytes }) => ({
          name: layer,
          shape: [...shape],
          isRagged,
          type,
          bytes,
        })),
        columns: set.metadata ? [...set.metadata.columns] : null,
        leftOut: [...set.leftOut],
      })),
      common,
      contract: foundContract(sets, common),
      samples: test
        ? await samplesOf(test, params['test_labels'] ?? 'label', drawIndices(test.length, count, draw))
        : [],
    };
  } finally {
    opened.close();
  }
}

/** The files that a task names, each with what it is used as. */
function namedFiles(params: Readonly<Record<string, unknown>>): Pick<FoundFile, 'item' | 'path' | 'role'>[] {
  const lists: FileRole[] = ['trusted', 'untrusted', 'test'];
  const single: FileRole[] = ['test_labels', 'untrusted_labels', 'trusted_metadata', 'test_metadata'];
  const text = (key: FileRole) => (typeof params[key] === 'string' ? params[key] : '');
  return [
    ...lists.flatMap((role) =>
      text(role)
        .split(',')
        .filter(Boolean)
        .map((item) => ({ item, path: item.slice(item.indexOf('=') + 1), role })),
    ),
    // What has no dot and no slash in it is a column.
    ...single.filter((role) => /[./\\]/.test(text(role))).map((role) => ({ item: text(role), path: text(role), role })),
  ];
}

/** Layers that all sets have, with as many numbers a sample or token. */
function commonLayers(sets: readonly StoredSet[]): string[] {
  const [first, ...others] = sets;
  return (first?.layers ?? []).flatMap(({ name, shape }) =>
    others.every(({ layers }) => layers.find((layer) => layer.name === name)?.shape.at(-1) === shape.at(-1))
      ? [name]
      : [],
  );
}

async function fileOf({ item, path, role }: Pick<FoundFile, 'item' | 'path' | 'role'>): Promise<FoundFile> {
  const about = { item, path, role, form: formOf(path), bytes: bytesOf(path) };
  try {
    requireDataReach(path);
    if (path.includes(',')) throw new Error('Its path has a comma, which separates files: rename it.');
    const content = isTable(path) ? undefined : await unlessFaulty(() => setAt(item, path));
    if (content) return { ...about, ...content, kind: 'activations', fault: null };
    const table = await tableAt(path);
    return { ...about, ...table, kind: 'table', fault: null };
  } catch (error) {
    const message = await reasonOf(item, path, error);
    return { ...about, kind: 'other', holds: '', fault: message, suggested: 'none' };
  }
}

const isTable = (path: string) => /\.(jsonl|ndjson|csv)$/i.test(path);

/** Why a file is not a set of activations, which is what is expected of all but tables. */
async function reasonOf(item: string, path: string, error: unknown): Promise<string> {
  if (isTable(path)) return toErrorRecord(error).message;
  try {
    (await openStoredSet([item])).close();
    return toErrorRecord(error).message;
  } catch (reason) {
    return toErrorRecord(reason).message;
  }
}

async function setAt(item: string, path: string): Promise<Pick<FoundFile, 'holds' | 'form' | 'bytes' | 'suggested'>> {
  const set = await openStoredSet([item]);
  try {
    const files = [...new Set(set.layers.flatMap((layer) => layer.files))];
    const forms = [...new Set(files.map(formOf))];
    return {
      holds: `${counted(set.length, 'sample')}, ${counted(set.layers.length, 'layer')}`,
      form: forms.join(', '),
      bytes: set.layers.reduce((sum, { bytes }) => sum + bytes, 0),
      suggested: suggestedSet(basename(path)),
    };
  } finally {
    set.close();
  }
}

function suggestedSet(name: string): SetName | 'none' {
  if (/untrusted|mixed|suspicious|unlabel/i.test(name)) return 'untrusted';
  if (/trusted|train|clean|normal/i.test(name)) return 'trusted';
  return /test|eval|valid/i.test(name) ? 'test' : 'none';
}

async function tableAt(path: string): Promise<Pick<FoundFile, 'holds' | 'suggested'>> {
  if (extname(path).toLowerCase() === '.npy') {
    const array = npyArray(new WatchedFile(path), 'labels');
    array.file.close();
    return { holds: numbered(array.shape[0] ?? 0, 'number'), suggested: labelsFor(basename(path)) };
  }
  const table = await openMetadata(path);
  try {
    const { columns, length } = table;
    const isLabels = columns.length <= 2 && columns.some((column) => /label|anomal/i.test(column));
    return {
      holds: `${counted(length, 'row')}: ${columns.join(', ')}`,
      suggested: isLabels || /label/i.test(basename(path)) ? labelsFor(basename(path)) : metadataFor(basename(path)),
    };
  } finally {
    table.close();
  }
}

const labelsFor = (name: string): FileRole => (/untrusted|mixed/i.test(name) ? 'untrusted_labels' : 'test_labels');
const metadataFor = (name: string): FileRole => (/trusted|train/i.test(name) ? 'trusted_metadata' : 'test_metadata');

function formOf(path: string): string {
  const extension = extname(path).slice(1).toLowerCase();
  return { jsonl: 'JSON lines', ndjson: 'JSON lines', csv: 'CSV', parquet: 'Parquet' }[extension] ?? extension;
}

function bytesOf(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : null;
}

/** Columns that say where a sample is from. */
const groupColumns = ['group', 'source', 'split', 'category'];

async function samplesOf(set: StoredSet, labels: unknown, indices: Int32Array): Promise<RecordedLook['samples']> {
  const known = typeof labels === 'string' ? await unlessFaulty(() => readAnomalyLabels(labels, set)) : undefined;
  const texts = textsOf(set, indices);
  const group = groupColumns.find((name) => set.metadata?.columns.includes(name));
  const rows = group === undefined ? undefined : set.metadata?.rows(indices);
  return [...indices].map((index, i) => {
    const from = group === undefined ? null : (rows?.[i]?.[group] ?? null);
    return {
      index,
      text: texts[i]!.slice(0, mostTextCharacters),
      label: known?.[index] ?? null,
      group: from === null ? null : String(from),
      tokens: set.lengths?.[index] ?? null,
    };
  });
}

/** Nobody reads more of a sample in a list. */
const mostTextCharacters = 2000;
