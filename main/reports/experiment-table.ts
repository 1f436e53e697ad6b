import type { TableFormat, ViewOptions } from '../../shared/domain/experiment-view.ts';
import { slug } from '../../shared/slug.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import { experimentResults } from './experiment-results.ts';
import { matrixTableFormats } from './matrix/index.ts';
import { provenanceOf } from './experiment-report/reproduce.ts';
import type { MatrixTableOptions } from './matrix/matrix-table.ts';

/** What a table is made from. */
export interface TableRequest {
  subject: MatrixSubject;
  options: ViewOptions & { format: TableFormat; spread: MatrixTableOptions['spread'] };
  /** The exact settings, for the caption. */
  settings: string;
}

/** A table as a file. */
export interface TableFile {
  name: string;
  /** Its media type. */
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const types: Record<TableFormat, string> = {
  latex: 'text/x-tex',
  markdown: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  tsv: 'text/tab-separated-values',
  html: 'text/html',
};

/** Writes the results of an experiment as a table. */
export function experimentTable({ subject, options, settings }: TableRequest): TableFile {
  const { format, spread } = options;
  const { matrix, statistics } = experimentResults(subject, options);
  const { extension, write } = matrixTableFormats[format];
  const { samples } = provenanceOf(subject);
  const text = write(matrix, statistics, { spread, settings, samples });
  return {
    name: `${slug(subject.title) || 'experiment'}.${extension}`,
    type: types[format],
    bytes: new TextEncoder().encode(text),
  };
}
