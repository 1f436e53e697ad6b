import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { CupbearerError, fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { numbered } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import {
  choice,
  columnOrFile,
  optionalColumnOrFile,
  optionalFiles,
  optionalInteger,
  optionalPath,
  optionalText,
  requiredFiles,
} from '../../shared/schema/fields.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { readAnomalyLabels } from '../data/stored/anomaly-labels.ts';
import { contractDifferences } from '../data/stored/contract.ts';
import { openStoredSet } from '../data/stored/open-stored-set.ts';
import { RecordedSamples } from '../data/stored/recorded-samples.ts';
import { finiteSamples } from '../data/stored/finite-samples.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';
import { logitsLayer, RecordedOutline, RecordedSource, type RecordedLayer } from '../models/recorded-source.ts';
import { RandomStream } from '../tensor/random.ts';
import { commonTaskParams } from './split-params.ts';
import { defineRecordedTask, type DataPart, type Task, type TaskContext } from './task.ts';

const params = z.object({
  trusted: requiredFiles({
    label: 'Trusted activations',
    help: 'A folder, a file (.safetensors, .npy, .npz, .parquet), or several as layer=file, with commas between them; a detector learns from them what is normal',
  }),
  untrusted: optionalFiles({
    label: 'Untrusted activations',
    empty: 'None',
    help: 'The same for samples that may be anomalous, for detectors that want some',
  }),
  test: requiredFiles({ label: 'Test activations', help: 'The same for samples that are to be scored' }),
  test_labels: columnOrFile({
    label: 'Labels of the test samples',
    help: 'A column of their metadata, or a file (.npy, .csv, .jsonl, .parquet): 0 normal, 1 anomalous',
    default: 'label',
  }),
  untrusted_labels: optionalColumnOrFile({
    advanced: true,
    label: 'Labels of the untrusted samples',
    empty: 'None',
    help: 'The same for the untrusted samples: only skylines may know',
  }),
  trusted_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the trusted samples',
    empty: 'What lies beside them',
    help: 'A table with a row for each sample (.csv, .jsonl, .parquet), where it lies elsewhere',
  }),
  test_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the test samples',
    empty: 'What lies beside them',
    help: 'The same for the test samples',
  }),
  group: optionalText({
    advanced: true,
    label: 'Groups of the test samples',
    empty: 'The column group, where there is one',
    help: 'A column of their metadata: samples with the same value, such as answers to one prompt, are not independent, which widens intervals; none takes every sample as independent',
  }),
  contracts: choice({
    advanced: true,
    label: 'Made differently',
    help: 'Refuse sets whose activations.json says that they come from another model, layer, prompt template or preprocessing; or use them as they are',
    options: ['refuse', 'allow'],
    default: 'refuse',
  }),
  not_finite: choice({
    advanced: true,
    label: 'Samples that are not finite',
    help: 'Refuse sets in which an activation is NaN or infinite, or drop such samples and say how many',
    options: ['refuse', 'drop'],
    default: 'refuse',
  }),
  ...commonTaskParams,
  max_train_size: optionalInteger({
    advanced: true,
    label: 'Trusted samples, at most',
    empty: 'All',
    help: 'Use at most this many trusted samples, drawn at random; up to 500 of the rest calibrate thresholds',
    unit: 'samples',
    min: 1,
  }),
});
type Params = z.output<typeof params>;

export const activations = defineRecordedTask({
  id: 'activations',
  title: 'Recorded activations',
  summary: 'Activations of any model, recorded elsewhere and read from files; nothing is run',
  threat:
    'What the anomalies are is up to the labels of the test samples. The defender has activations of samples that are known to be normal, and of some that may be anomalous where there are any.',
  source: 'The layer-wise interface of ejnnr/cupbearer, with the model left out',
  params,

  describe: ({ trusted, test }) => `${nameOf(trusted)} against ${nameOf(test)}`,
  dependencies: ({ trusted, untrusted, test }) => ({
    trusted: stateOf(trusted),
    test: stateOf(test),
    ...given({ untrusted: untrusted && stateOf(untrusted) }),
  }),

  offers: ({ untrusted, untrusted_labels: labels }) => ({
    trusted: true,
    untrusted: untrusted !== undefined,
    anomalyLabels: untrusted !== undefined && labels !== undefined,
    remedies: {
      untrusted: { hint: worded`Name files in ${parameter('task.untrusted')}.`, values: {} },
      anomalyLabels: {
        hint: worded`Give ${parameter('task.untrusted_labels')}: only skylines may know.`,
        values: {},
      },
    },
  }),

  async outline(params) {
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
  },

  async preview(params, { signal }) {
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
  },

  async build(params, context) {
    const sets = await openSets(params);
    try {
      return await buildFrom(sets, params, context);
    } catch (error) {
      closeAll(sets);
      throw error;
    }
  },
});

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
    layers.push({ name, isRagged, shape: [longest, ...first.shape.slice(1)] });
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
  let done = 0;
  const partOf = async (set: StoredSet, what: string): Promise<DataPart> => {
    const dataset = await RecordedSamples.of(set, key, signal);
    const all = Int32Array.from({ length: set.length }, (_, index) => index);
    const indices = params.not_finite === 'drop' ? await finiteSamples(set, names, signal) : all;
    const dropped = set.length - indices.length;
    if (dropped > 0)
      warn?.(`Dropped from the ${what} data: ${numbered(dropped, 'sample')} with activations that are not finite.`);
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
  return {
    source: new RecordedSource(layers, () => closeAll(sets)),
    trusted: { dataset: trusted.dataset, indices: chosen },
    ...given({
      spare: left.length > 0 ? { dataset: trusted.dataset, indices: left } : undefined,
      untrusted: untrusted && { ...untrusted, ...given({ truth, anomalous: truth }) },
    }),
    test: [clean, anomalous],
    parents: [],
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

/** More are not needed to calibrate a threshold, and each is scored. */
const mostSpare = 500;

/** At most `most` of the samples, drawn at random, and some of those that are left over; both ascending. */
function drawn(
  indices: Int32Array,
  most: number | undefined,
  stream: RandomStream,
): { chosen: Int32Array; left: Int32Array } {
  if (most === undefined || most >= indices.length) return { chosen: indices, left: new Int32Array() };
  const order = stream.permutation(indices.length);
  const at = (places: Int32Array) => places.sort().map((place) => indices[place]!);
  return { chosen: at(order.slice(0, most)), left: at(order.slice(most, most + mostSpare)) };
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

/** What a set is called in a few words: its folder, or its first file. */
function nameOf(files: string): string {
  const [first = ''] = files.split(',');
  return basename(first.slice(first.indexOf('=') + 1));
}

/** Changes when one of the named files does; a folder's own state changes with the files in it. */
function stateOf(files: string): string {
  return files
    .split(',')
    .map((item) => {
      const { size, mtimeMs } = statSync(item.slice(item.indexOf('=') + 1));
      return `${size}:${mtimeMs}`;
    })
    .join(',');
}
