import type { DatasetSummary, DownloadState, ImportState } from '../../../shared/domain/library.ts';
import { counted, formatBytes, formatCount } from '../../../shared/format.ts';

/** Says in a few words what is there of a dataset. */
export function stateWords(dataset: DatasetSummary, download: DownloadState | undefined): string {
  if (download) return `Downloading, ${percentOf(download)}`;
  switch (dataset.state) {
    case 'built-in':
      return 'Nothing to download';
    case 'own':
      return `Imported${dataset.bytes > 0 ? `, ${formatBytes(dataset.bytes)}` : ''}`;
    case 'present':
      return `On disk, ${formatBytes(dataset.bytes)}`;
    case 'incomplete': {
      const here = dataset.files.filter((file) => file.present).length;
      return `${here} of ${counted(dataset.files.length, 'file')} on disk`;
    }
    case 'missing':
      // Which the program cannot do.
      return dataset.downloadBytes === null
        ? 'By hand, from its publishers'
        : `${formatBytes(dataset.downloadBytes)} to download`;
  }
}

/** Words the progress of a download: "41 %", or the bytes if the total is not known. */
export function percentOf({ done, total }: DownloadState): string {
  return total > 0 ? `${Math.floor((100 * done) / total)}\u00a0%` : formatBytes(done);
}

/** Returns how far an import is: "Copying, 1 234 of 20 000 files". */
export function importWords({ phase, done, total }: Extract<ImportState, { type: 'progress' }>): string {
  if (done === 0) return phase;
  return `${phase}, ${formatCount(done)}${total > 0 ? ` of ${formatCount(total)}` : ''} files`;
}

/** What a sample is: "28 × 28 px, grey", "32 × 32 px, colour", "48 values". */
function shapeWords(shape: readonly number[] | null): string {
  if (shape === null) return 'Not known before it is on disk';
  const [height, width, channels] = shape;
  if (height === undefined) return '';
  if (width === undefined) return `${formatCount(height)} values`;
  return `${sides(width, height)}\u00a0px, ${channels === 3 ? 'colour' : 'grey'}`;
}

const sides = (width: number, height: number) => `${width}\u00a0×\u00a0${height}`;

/** Whether all of it is there, to be looked into and to be trained on. */
export function isUsable({ state }: DatasetSummary): boolean {
  return state !== 'missing' && state !== 'incomplete';
}

/** Returns the facts about a dataset by name, without those in the sentence below its title. */
export function datasetFacts(dataset: DatasetSummary): [name: string, fact: string][] {
  const { samples, shape, classes, summary } = dataset;
  const [height, width] = shape ?? [];
  const isSizeSaid = height !== undefined && width !== undefined && summary.includes(sides(width, height));
  // Of what is not on disk they are not counted.
  const isCountSaid = samples.train + samples.test === 0 || summary.includes(formatCount(samples.train));
  const facts: [string, string][] = [
    ['Samples', isCountSaid ? '' : `${formatCount(samples.train)} to train, ${formatCount(samples.test)} to test`],
    ['Size', isSizeSaid ? '' : shapeWords(shape)],
    // Those that can be looked into have a table of their classes.
    ['Classes', classes === null || isUsable(dataset) ? '' : formatCount(classes)],
    ['Licence', dataset.licence ?? ''],
    ['Source', dataset.homepage ?? ''],
    ['Folder', dataset.folder ?? ''],
    ['Cite as', dataset.citation ?? ''],
  ];
  return facts.filter(([, fact]) => fact !== '');
}
