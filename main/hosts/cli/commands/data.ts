import { z } from 'zod';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { DatasetInfo } from '../../../data/dataset-info.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { formatBytes, formatCount } from '../../../../shared/format.ts';
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

const flags = z.object({ data_dir: computeFlags.data_dir });
const allFlags = flags.extend(showFlags);

const actions = ['list', 'info', 'download', 'show'];

export const data: Command = {
  name: 'data',
  summary: 'Datasets: what is built in, on disk, or can be downloaded; what triggers look like on them',
  synopsis: '[list | info NAME | download NAME | show --data NAME --trigger NAME] [--data_dir FOLDER]',
  notes:
    'show writes a figure of samples clean, with a trigger, and their difference; all flags but --data_dir are for it.',
  flags: allFlags,
  maxWords: 2,
  async run([action = 'list', name], given, output) {
    if (!actions.includes(action)) {
      throw new CupbearerError('usage', unknownName('action', action, actions));
    }
    const takesName = action === 'info' || action === 'download';
    if (takesName === (name === undefined)) {
      throw new CupbearerError(
        'usage',
        takesName ? `data ${action} needs the name of a dataset.` : `data ${action} takes no name.`,
        { hint: action === 'show' ? 'Name it by --data.' : 'npx cupbearer data lists them.' },
      );
    }
    if (action === 'show') {
      const { data_dir: dataDir = defaultDataDir(), ...shown } = parseParams(allFlags, given, flagName);
      return showTrigger(shown, dataDir, output);
    }
    const unwanted = Object.keys(given).find((key) => key in showFlags);
    if (unwanted !== undefined) {
      throw new CupbearerError('usage', `data ${action} takes no --${unwanted}; it is for data show.`);
    }
    const { data_dir: dataDir = defaultDataDir() } = parseParams(flags, given, flagName);
    if (action === 'download') return download(name!, dataDir, output);
    const datasets = await withLibrary((library) => library.ask('dataset-infos', { name }, { dataDir }));
    if (action === 'list') list(datasets, output);
    else info(datasets[0]!, output);
  },
};

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
