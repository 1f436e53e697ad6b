import { resolve } from 'node:path';
import { z } from 'zod';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { importOptions, type ImportOptions } from '../../../data/import-options.ts';
import type { DatasetInfo } from '../../../data/dataset-info.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { formatBytes, formatCount, numbered } from '../../../../shared/format.ts';
import { parseParams } from '../../../../shared/schema/fields.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import { computeFlags, type Command } from '../command.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';
import { shownPath } from '../results.ts';
import { withLibrary } from '../with-library.ts';
import { showFlags, showTrigger } from './show-trigger.ts';
import { textTable } from '../table.ts';
import { typedWords } from '../typed-words.ts';

const flags = z.object({ data_dir: computeFlags.data_dir });
const importFlags = flags.extend(importOptions.shape);
const allFlags = flags.extend({ ...importOptions.shape, ...showFlags });

const actions = ['list', 'info', 'download', 'import', 'show'];

export const data: Command = {
  name: 'data',
  summary: 'Datasets: what is built in, on disk, or can be downloaded; what triggers look like on them',
  synopsis:
    '[list | info NAME | download NAME | import NAME PATH | show --data NAME --trigger NAME] [--data_dir FOLDER]',
  notes: [
    'import takes a folder of pictures, or arrays and tables: npz, npy, CSV, Parquet. PATH is a file or a folder of them;',
    `${Object.keys(importOptions.shape)
      .map((key) => `--${key}`)
      .join(', ')} are for it.`,
    'show writes a figure of samples clean, with a trigger, and their difference; all other flags but --data_dir are for it.',
  ].join('\n'),
  flags: allFlags,
  maxWords: 3,
  async run([action = 'list', name, path], given, output) {
    if (!actions.includes(action)) {
      throw new CupbearerError('usage', unknownName('action', action, actions));
    }
    const takesName = action === 'info' || action === 'download' || action === 'import';
    if (takesName === (name === undefined)) {
      throw new CupbearerError(
        'usage',
        takesName ? `data ${action} needs the name of a dataset.` : `data ${action} takes no name.`,
        { hint: action === 'show' ? 'Name it by --data.' : 'npx cupbearer data lists them.' },
      );
    }
    if ((action === 'import') === (path === undefined)) {
      const fault = path === undefined ? 'data import needs a name and the path of a folder or a file.' : `data ${action} takes one name alone.`; // prettier-ignore
      throw new CupbearerError('usage', fault);
    }
    checkOwnFlags(action, given);
    if (action === 'show') {
      const { data_dir: dataDir = defaultDataDir(), ...shown } = parseParams(allFlags, given, flagName);
      return showTrigger(shown, dataDir, output);
    }
    if (action === 'import') {
      const { data_dir: dataDir = defaultDataDir(), ...options } = parseParams(importFlags, given, flagName);
      return take(name!, resolve(path!), options, dataDir, output);
    }
    const { data_dir: dataDir = defaultDataDir() } = parseParams(flags, given, flagName);
    if (action === 'download') return download(name!, dataDir, output);
    const datasets = await withLibrary((library) => library.ask('dataset-infos', { name }, { dataDir }));
    if (action === 'list') list(datasets, output);
    else info(datasets[0]!, output);
  },
};

/** @throws CupbearerError `usage` for a flag that is for another action. */
function checkOwnFlags(action: string, given: Record<string, unknown>): void {
  const others = { import: importOptions.shape, show: showFlags };
  for (const [other, shape] of Object.entries(others)) {
    const unwanted = action === other ? undefined : Object.keys(given).find((key) => key in shape);
    if (unwanted !== undefined)
      throw new CupbearerError('usage', `data ${action} takes no --${unwanted}; it is for data ${other}.`);
  }
}

async function take(
  name: string,
  folder: string,
  options: ImportOptions,
  dataDir: string,
  output: Output,
): Promise<void> {
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Stopping; nothing is kept.'));
  try {
    const { dataset, leftOut } = await withLibrary((library) =>
      library.ask(
        'import-dataset',
        { name, folder, isOwn: false, options },
        {
          dataDir,
          signal: interrupt.signal,
          onProgress: ({ phase, done, total }) => bars?.update(phase, done, total, formatCount(done)),
        },
      ),
    );
    bars?.finish();
    const { name: id, ...params } = dataset.pick;
    const words = Object.entries(params).flatMap(([key, value]) => [`--train_data.${key}`, String(value)]);
    output.result({ dataset, leftOut }, () =>
      [
        `${dataset.summary}: ${numbered(dataset.samples.train, 'sample')} to train, ${formatCount(dataset.samples.test)} to test, ${numbered(dataset.classes ?? 0, 'class', 'classes')}.`,
        ...(leftOut === null ? [] : [leftOut]),
        `Use it by: ${typedWords(['--train_data', id, ...words]) ?? ''}`,
      ].join('\n'),
    );
  } finally {
    bars?.finish();
    interrupt.release();
  }
}

/** "on disk, 54.9 MB", "not here, download 11.6 MB", "built in". */
function stateText({ state, bytes, downloadBytes = 0, name }: DatasetInfo): string {
  if (state === 'built-in') return 'built in';
  if (state === 'own') return 'in a folder of yours';
  if (state === 'present') return `on disk, ${formatBytes(bytes)}`;
  const missing = state === 'incomplete' ? 'incomplete' : 'not here';
  return `${missing}; npx cupbearer data download ${name} (${formatBytes(downloadBytes)})`;
}

function list(datasets: readonly DatasetInfo[], output: Output): void {
  output.result(datasets, () => {
    const rows = datasets.map((dataset) => [
      dataset.name,
      formatCount(dataset.samples.train),
      formatCount(dataset.samples.test),
      stateText(dataset),
      dataset.summary,
    ]);
    return textTable(['name', 'train', 'test', 'where', 'what'], rows, [false, true, true]);
  });
}

function info(dataset: DatasetInfo, output: Output): void {
  output.result(dataset, () => {
    const line = (label: string, value: string | undefined) =>
      value === undefined ? [] : [`${label.padEnd(10)}${value}`];
    return [
      `${dataset.title}: ${dataset.summary}`,
      '',
      ...line('state', stateText(dataset)),
      ...line(
        'samples',
        `${formatCount(dataset.samples.train)} to train, ${formatCount(dataset.samples.test)} to test`,
      ),
      ...line('folder', dataset.folder && shownPath(dataset.folder)),
      ...line('licence', dataset.licence),
      ...line('cite', dataset.citation),
      ...line('homepage', dataset.homepage),
      ...dataset.files.map(
        ({ name, present, bytes }) => `  ${name.padEnd(32)}${present ? formatBytes(bytes) : 'missing'}`,
      ),
    ].join('\n');
  });
}

async function download(name: string, dataDir: string, output: Output): Promise<void> {
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() =>
    bars?.print('Stopping; what has arrived is kept and the next download resumes there.'),
  );
  try {
    const { bytes: _, ...result } = await withLibrary((library) =>
      library.ask(
        'download-dataset',
        { name },
        {
          dataDir,
          signal: interrupt.signal,
          onProgress: ({ phase: file, done, total }) =>
            bars?.update('Download', done, total, `${file}, ${formatBytes(done)} of ${formatBytes(total)}`),
        },
      ),
    );
    bars?.finish();
    output.result(result, () =>
      result.downloaded.length === 0
        ? `All files of ${name} are in ${shownPath(result.folder)} already.`
        : `${name} is in ${shownPath(result.folder)}: ${result.downloaded.join(', ')}.`,
    );
  } finally {
    bars?.finish();
    interrupt.release();
  }
}
