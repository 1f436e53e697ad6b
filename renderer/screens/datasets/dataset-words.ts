import type { DatasetSummary, DownloadState } from '../../../shared/domain/library.ts';
import { formatBytes, formatCount } from '../../../shared/format.ts';

/** What of a dataset is there, in a few words. */
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
      return `${here} of ${dataset.files.length} files on disk`;
    }
    case 'missing':
      return dataset.downloadBytes === null ? 'Not on disk' : `${formatBytes(dataset.downloadBytes)} to download`;
  }
}

/** How far a download is: "41 %", or the bytes where the whole is not known. */
export function percentOf({ done, total }: DownloadState): string {
  return total > 0 ? `${Math.floor((100 * done) / total)}\u00a0%` : formatBytes(done);
}

/** What a sample is: "28 × 28 px, grey", "32 × 32 px, colour", "48 values". */
export function shapeWords(shape: readonly number[] | null): string {
  if (shape === null) return 'Not known before it is on disk';
  const [height, width, channels] = shape;
  if (height === undefined) return '';
  if (width === undefined) return `${formatCount(height)} values`;
  return `${width} × ${height} px, ${channels === 3 ? 'colour' : 'grey'}`;
}
