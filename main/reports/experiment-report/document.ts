import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import type { MatrixTableOptions } from '../matrix/matrix-table.ts';
import type { ReportedFigure } from '../report.ts';
import type { TextTable } from '../tables.ts';

/** A part of a report, whatever the format. All texts are plain but those of `notes`. */
export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'finding'; sentence: string }
  | { kind: 'notes'; markdown: string }
  | { kind: 'heading'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; table: TextTable }
  | { kind: 'matrix'; matrix: ResultMatrix; statistics: MatrixStatistics; options: MatrixTableOptions }
  | { kind: 'figure'; figure: ReportedFigure }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'spec'; text: string };

/** A chapter of a report. */
export interface Section {
  /** Unique within the report; letters, digits and dashes. */
  id: string;
  title: string;
  blocks: Block[];
  /** Whether it begins on a new page of paper. */
  isPage?: boolean;
  /** Whether the list of contents leaves it out. */
  isMinor?: boolean;
}

/** A report of an experiment: what is written, once for all formats. */
export interface ReportDocument {
  title: string;
  /** Below the title: when, by what. */
  facts: string[];
  sections: Section[];
  /** At the end. */
  colophon: string;
}

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const heading = (words: string): Block => ({ kind: 'heading', text: words });
/** A list; nothing where it is empty. */
export const list = (items: string[]): Block[] => (items.length === 0 ? [] : [{ kind: 'list', items }]);
export const table = (content: TextTable): Block => ({ kind: 'table', table: content });
