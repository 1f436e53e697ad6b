import type { RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { formatCount, inSentence } from '../../../shared/format.ts';
import { wordsOf } from './column-of.ts';
import type { Column } from './columns.ts';

/** How the runs of a group stand, in one mark and word: what goes on first, then what somebody must look at. */
export function groupStatus(runs: readonly RunSummary[]): { status: RunStatus; word: string | undefined } {
  const counts = new Map<RunStatus, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const some = (status: RunStatus, word: string) => {
    const count = counts.get(status) ?? 0;
    return count === 0
      ? undefined
      : { status, word: count === runs.length ? undefined : `${formatCount(count)} ${word}` };
  };
  if (counts.has('running')) return { status: 'running', word: undefined };
  if (counts.has('queued')) return { status: 'queued', word: undefined };
  return (
    some('failed', 'failed') ??
    some('interrupted', 'interrupted') ??
    some('cancelled', 'cancelled') ?? { status: 'done', word: undefined }
  );
}

/** Beyond these, values of a column are not counted. */
const mostCounted = 1000;

const texts = new WeakMap<readonly RunSummary[], Map<string, string>>();

/**
 * Returns what a group has of a column: the value that all of its runs have, the range of numbers, or how many values there
 * are. What not all runs have (a classifier has no detector) counts as nothing. Kept as long as the group is the same;
 * `version` tells it from one whose values have arrived since.
 */
export function groupText(column: Column, runs: readonly RunSummary[], version: number): string {
  const known = texts.get(runs) ?? new Map<string, string>();
  texts.set(runs, known);
  const name = `${column.id}/${version}`;
  const text = known.get(name) ?? freshText(column, runs);
  known.set(name, text);
  return text;
}

function freshText(column: Column, all: readonly RunSummary[]): string {
  const { id, key, label, plural } = column;
  // What a classifier has learned is a task of its own only where nothing was detected on it.
  const detections = id === 'task' ? all.filter(({ kind }) => kind !== 'classifier') : [];
  const runs = detections.length > 0 ? detections : all;
  const textOf = wordsOf(column);
  const values = new Set<string>();
  let [least, most]: (RunSummary | undefined)[] = [];
  for (const run of runs) {
    const value = key(run);
    if (values.size < mostCounted) {
      const text = textOf(run);
      if (text !== '') values.add(text);
    }
    if (typeof value !== 'number') continue;
    if (!least || value < Number(key(least))) least = run;
    if (!most || value > Number(key(most))) most = run;
  }
  const [only = ''] = values;
  if (values.size < 2) return only;
  if (least && most) return `${textOf(least)} to ${textOf(most)}`;
  return `${formatCount(values.size)} ${plural ?? `${inSentence(label)}s`}`;
}
