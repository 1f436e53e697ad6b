import type { RunSummary } from '../../../shared/domain/live.ts';
import { isSpecPath, type SpecValue } from '../../../shared/domain/spec-field.ts';
import { formatParameter } from '../../../shared/format.ts';
import { metricPrefix } from '../../../shared/query/fields.ts';
import { experiments } from '../../app/experiments.svelte.ts';
import { taskWords } from '../../runs/run-words.ts';
import { columns, metric, nameColumn, written, type ChosenColumn, type Column } from './columns.ts';
import type { ColumnChoice } from './place.ts';
import { parameters } from './spec-values.svelte.ts';

/** Returns a column by its id: one of the list, a figure (`metrics.train_loss`) or a parameter by its path; undefined for another. */
export function columnOf(id: string): Column | undefined {
  const known = [nameColumn, ...columns].find((column) => column.id === id);
  if (known) return known;
  const added = { id, width: 120, narrow: 120, align: 'right', added: true } as const;
  if (id.startsWith(metricPrefix)) {
    const key = id.slice(metricPrefix.length);
    return { ...added, label: metricLabel(key), key: metric(key), cell: written(key, shortNumber) };
  }
  if (!isSpecPath(id)) return undefined;
  const value = (run: RunSummary) => parameters.of(run, id);
  const isShare = parameters.isShare(id);
  return {
    ...added,
    label: parameters.labelOf(id),
    plural: 'values',
    key: (run) => {
      const found = value(run);
      return typeof found === 'boolean' ? Number(found) : found;
    },
    cell: (run) => valueWords(value(run), isShare),
  };
}

/** A figure's name for people: "Train loss". */
export const metricLabel = (key: string): string => {
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A parameter's value in a cell: numbers as they are typed, shares in per cent, `yes` and `no`. */
function valueWords(value: SpecValue | undefined, isShare: boolean): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // As typed: 5 %, not 5.0 %, which would look like a measurement.
  if (isShare && typeof value === 'number') return `${Number((value * 100).toPrecision(12))}\u00a0%`;
  return formatParameter(value);
}

/** Four digits, and a power of ten where zeros would crowd them. */
const shortNumber = (value: number) => {
  const size = Math.abs(value);
  return value !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
};

/** The columns that a person has chosen; what is none any more is left out. */
export const resolved = (choices: readonly ColumnChoice[]): readonly ChosenColumn[] =>
  choices.flatMap(({ id, width }) => {
    const column = id === nameColumn.id ? undefined : columnOf(id);
    return column ? [{ column, width }] : [];
  });

/** The names of the experiments whose cells a run fills. */
export const experimentNames = (run: RunSummary): string =>
  run.experiments.map((id) => experiments.withId(id)?.name ?? id).join(', ');

/** Returns what says in words what a run has of a column, however its cell is drawn. */
export function wordsOf({ id, cell, words }: Column): (run: RunSummary) => string {
  if (id === 'task') return (run) => taskWords(run).main;
  if (id === 'experiment') return experimentNames;
  return words ?? (typeof cell === 'string' ? () => '' : cell);
}
