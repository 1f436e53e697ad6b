import type { Leniency } from '../../shared/domain/evaluation.ts';
import { CupbearerError, fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { numbered } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { readAnomalyLabels } from '../data/stored/anomaly-labels.ts';
import { contractDifferences } from '../data/stored/contract.ts';
import { finiteSamples } from '../data/stored/finite-samples.ts';
import { openStoredSet } from '../data/stored/open-stored-set.ts';
import { RecordedSamples } from '../data/stored/recorded-samples.ts';
import { floatTypeOf } from '../data/stored/stored-rows.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';
import { logitsLayer, RecordedOutline, RecordedSource, type RecordedLayer } from '../models/recorded-source.ts';
import { RandomStream } from '../tensor/random.ts';
import type { RecordedParams as Params } from './recorded-params.ts';
import { drawn } from './drawn.ts';
import type { DataPart, Recorded, Task, TaskContext, TaskPreview } from './task.ts';

/** What lies in the files of a task, without reading activations. @throws CupbearerError for files that cannot be read, or do not go together. */
export async function outlineSets(params: Params): Promise<Recorded> {
  const sets = await openSets(params);
  try {
    const { layers } = commonLayers(sets);
    if (params.contracts === 'refuse') checkContracts(sets, layers);
    const labels = await atParameter('test_labels', () => readAnomalyLabels(params.test_labels, sets.test));
    const anomalous = labels.reduce((sum, label) => sum + label, 0);
    checkBothKinds(labels.length - anomalous, anomalous);
    const { untrusted_labels: given } = params;
    if (sets.untrusted && given !== undefined)
      await atParameter('untrusted_labels', () => readAnomalyLabels(given, sets.untrusted!));
    const testSize = Math.min(labels.length, params.max_test_size ?? labels.length);
    return { source: new RecordedOutline(layers), testSize };
  } finally {
    closeAll(sets);
  }
}

/** Some of its test samples. @throws CupbearerError as {@link outlineSets}. */
export async function previewSets(params: Params, { signal }: TaskContext): Promise<TaskPreview> {
  const sets = await openSets(params);
  try {
    const { layers } = commonLayers(sets);
    const labels = await readAnomalyLabels(params.test_labels, sets.test);
    const samples = await RecordedSamples.of(sets.test, keyLayer(layers), signal);
    return { clean: samples, note: labelled(labels), close: () => closeAll(sets) };
  } catch (error) {
    closeAll(sets);
    throw error;
  }
}

/** The task on the files. @throws CupbearerError as {@link outlineSets}. */
export async function buildFromSets(params: Params, context: TaskContext): Promise<Task> {
  const sets = await openSets(params);
  try {
    return await buildFrom(sets, params, context);
  } catch (error) {
    closeAll(sets);
    throw error;
  }
}

/** The sets of a task by what they are used as. */
interface Sets {
  trusted: StoredSet;
  untrusted?: StoredSet;
  test: StoredSet;
}

async function openSets({ trusted, untrusted, test, ...params }: Params): Promise<Sets> {
  const opened: StoredSet[] = [];
  const open = async (files: string, as: keyof Sets, metadata?: string) => {
    const set = await atParameter(as, () => openStoredSet(files.split(','), { metadata }));
    opened.push(set);
    return set;
  };
  try {
    return {
      trusted: await open(trusted, 'trusted', params.trusted_metadata),
      test: await open(test, 'test', params.test_metadata),
      ...(untrusted === undefined ? {} : { untrusted: await open(untrusted, 'untrusted') }),
    };
  } catch (error) {
    for (const set of opened) set.close();
    throw error;
  }
}

/** Does something with what a parameter names. @throws CupbearerError what it throws, with the parameter in its details. */
async function atParameter<T>(parameter: string, find: () => T | Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    throw fromErrorRecord({ ...toErrorRecord(error), details: { ...error.details, parameter } });
  }
}

const listOf = ({ trusted, untrusted, test }: Sets): StoredSet[] => [trusted, test, ...(untrusted ? [untrusted] : [])];

function closeAll(sets: Sets): void {
  for (const set of listOf(sets)) set.close();
}

/** Layers that all sets have alike, and those that are left out. @throws CupbearerError `bad-data` if there is none. */
function commonLayers(sets: Sets): { layers: RecordedLayer[]; leftOut: string[] } {
  const all = listOf(sets);
  const names = [...new Set(all.flatMap(({ layers }) => layers.map(({ name }) => name)))];
  const layers: RecordedLayer[] = [];
  const leftOut: string[] = [];
  for (const name of names) {
    const found = all.map((set) => set.layers.find((layer) => layer.name === name));
    const missing = all.find((_, i) => !found[i]);
    const there = found.filter((layer) => layer !== undefined);
    const [first] = there;
    if (!first || missing) {
      leftOut.push(`${name} (not in "${missing?.path}")`);
      continue;
    }
    const isRagged = there.some((layer) => layer.isRagged);
    const comparable = ({ shape }: { shape: readonly number[] }) => (isRagged ? shape.slice(1) : shape).join(' x ');
    const other = there.find((layer) => comparable(layer) !== comparable(first));
    if (other) {
      leftOut.push(`${name} (${first.shape.join(' x ')} and ${other.shape.join(' x ')})`);
      continue;
    }
    const longest = Math.max(...there.map(({ shape }) => shape[0]!));
    const isHalf = there.every(({ type }) => floatTypeOf(type).bytes <= 2);
    layers.push({ name, isRagged, shape: [longest, ...first.shape.slice(1)], isHalf });
  }
  if (layers.some(({ name }) => name !== logitsLayer)) return { layers, leftOut };
  throw new CupbearerError(
    'bad-data',
    `"${sets.trusted.path}" and "${sets.test.path}" have no layer in common: ${leftOut.join(', ') || 'only logits'}.`,
    { hint: 'Export the same layers of the same model for all of them.' },
  );
}

/** The layer by whose numbers samples are told apart: the last that is no output, which depends on all before it. */
function keyLayer(layers: readonly RecordedLayer[]): string {
  return layers.findLast(({ name }) => name !== logitsLayer)!.name;
}

/** Returns the fields in which the contract of the trusted set differs from that of any other. */
function differingFields(sets: Sets, layers: readonly RecordedLayer[]): string[] {
  const names = layers.map(({ name }) => name);
  const { contract } = sets.trusted;
  const found = listOf(sets).flatMap(({ contract: other }) =>
    contract && other ? contractDifferences(contract, other, names) : [],
  );
  return [...new Set(found.map(({ field }) => field))];
}

/** @throws CupbearerError `bad-data` naming the fields in which the contracts of two sets differ. */
function checkContracts(sets: Sets, layers: readonly RecordedLayer[]): void {
  for (const other of listOf(sets).slice(1)) {
    const { contract } = sets.trusted;
    if (!contract || !other.contract) continue;
    const found = contractDifferences(
      contract,
      other.contract,
      layers.map(({ name }) => name),
    );
    if (found.length === 0) continue;
    const fields = found.map(
      ({ field, values: [one, two] }) => `${field} (${JSON.stringify(one)} and ${JSON.stringify(two)})`,
    );
    throw new CupbearerError(
      'bad-data',
      `"${sets.trusted.path}" and "${other.path}" were made differently, by their activations.json: ${fields.join(', ')}.`,
      {
        hint: worded`Export one of them again, or set ${parameter('task.contracts')} to allow.`,
        details: { parameter: 'contracts', differences: found.map(({ field }) => field) },
      },
    );
  }
}

async function buildFrom(sets: Sets, params: Params, { signal, warn, progress }: TaskContext): Promise<Task> {
  const { layers, leftOut } = commonLayers(sets);
  if (params.contracts === 'refuse') checkContracts(sets, layers);
  if (leftOut.length > 0) warn?.(`Left out, since not all sets have them alike: ${leftOut.join(', ')}.`);
  const key = keyLayer(layers);
  const names = layers.map(({ name }) => name);
  const count = listOf(sets).length;
  const differing = differingFields(sets, layers);
  if (differing.length > 0) warn?.(`Used although the sets were made differently: ${differing.join(', ')}.`);
  const dropped: Leniency['dropped'] = {};
  let done = 0;
  const partOf = async (set: StoredSet, what: keyof Sets): Promise<DataPart> => {
    const dataset = await RecordedSamples.of(set, key, signal);
    const all = Int32Array.from({ length: set.length }, (_, index) => index);
    const indices = params.not_finite === 'drop' ? await finiteSamples(set, names, signal) : all;
    const left = set.length - indices.length;
    if (left > 0) {
      dropped[what] = left;
      warn?.(`Dropped from the ${what} data: ${numbered(left, 'sample')} with activations that are not finite.`);
    }
    progress?.(++done, count);
    return { dataset, indices };
  };
  const root = RandomStream.from(params.seed, 'task');
  const trusted = await partOf(sets.trusted, 'trusted');
  const { chosen, left } = drawn(trusted.indices, params.max_train_size, root.derive('train'));
  const untrusted = sets.untrusted && (await partOf(sets.untrusted, 'untrusted'));
  const labels =
    untrusted && params.untrusted_labels !== undefined
      ? await readAnomalyLabels(params.untrusted_labels, sets.untrusted!)
      : undefined;
  const truth = untrusted && labels && Uint8Array.from(untrusted.indices, (index) => labels[index]!);
  const tested = await partOf(sets.test, 'test');
  const testLabels = await readAnomalyLabels(params.test_labels, sets.test);
  const { chosen: test } = drawn(tested.indices, params.max_test_size, root.derive('test'));
  const groupOf = groupsOf(sets.test, params.group);
  const ofKind = (anomalous: boolean) => ({
    dataset: tested.dataset,
    indices: test.filter((index) => testLabels[index] === (anomalous ? 1 : 0)),
    anomalous,
    ...given({ groupOf }),
  });
  const [clean, anomalous] = [ofKind(false), ofKind(true)];
  checkBothKinds(clean.indices.length, anomalous.indices.length);
  const isLenient = differing.length > 0 || Object.keys(dropped).length > 0;
  return {
    source: new RecordedSource(layers, () => closeAll(sets)),
    trusted: { dataset: trusted.dataset, indices: chosen },
    ...given({
      spare: left.length > 0 ? { dataset: trusted.dataset, indices: left } : undefined,
      untrusted: untrusted && { ...untrusted, ...given({ truth, anomalous: truth }) },
    }),
    test: [clean, anomalous],
    parents: [],
    ...given({ leniency: isLenient ? { differing, dropped } : undefined }),
    fingerprints: {
      trusted: trusted.dataset.fingerprint,
      test: tested.dataset.fingerprint,
      ...given({ untrusted: untrusted?.dataset.fingerprint, model: sets.trusted.contract?.model.hash ?? undefined }),
    },
  };
}

/**
 * Returns what numbers the groups of samples by the values in a column of metadata; undefined where there are none. A sample without
 * a value is a group of its own. @throws CupbearerError `usage` if there is no such column.
 */
function groupsOf({ metadata, path }: StoredSet, named: string | undefined): ((index: number) => number) | undefined {
  const column = named ?? 'group';
  if (!metadata?.columns.includes(column)) {
    if (named === undefined || named === 'none') return undefined;
    throw new CupbearerError('usage', `"${path}": expected a column "${column}" of metadata, found none.`, {
      hint: worded`Look at ${parameter('task.group')}.`,
    });
  }
  const known = new Map<unknown, number>();
  const groups = Int32Array.from(metadata.column(column), (value, index) => {
    const key = value === null ? { index } : typeof value === 'object' ? JSON.stringify(value) : value;
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
  return (index) => groups[index]!;
}

function checkBothKinds(clean: number, anomalous: number): void {
  if (clean > 0 && anomalous > 0) return;
  throw new CupbearerError(
    'bad-data',
    `The test data need both normal (0) and anomalous (1) samples; found ${clean} of label 0 and ${anomalous} of label 1.`,
    {
      hint: worded`Look at ${parameter('task.test_labels')}, or raise ${parameter('task.max_test_size')}.`,
      details: { parameter: 'test_labels' },
    },
  );
}

function labelled(labels: Uint8Array): string {
  const anomalous = labels.reduce((sum, label) => sum + label, 0);
  return `${numbered(labels.length - anomalous, 'sample')} normal, ${anomalous} anomalous.`;
}
