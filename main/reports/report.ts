import type { Analysis } from '../../shared/domain/analysis.ts';
import type { ComparedPair, ComparedRow } from '../../shared/domain/comparison.ts';
import type { EpochRecord } from '../runs/training-history.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { formatPercent } from '../../shared/format.ts';

/** A figure in a report. */
export interface ReportedFigure {
  /** File name without extension. */
  name: string;
  /** A text alternative. */
  description: string;
  svg: string;
}

/** One run of a report. */
export interface ReportedRun {
  record: RunRecord;
  heading: string;
  summary: RunSummary;
  spec: SpecFile | null;
  /** The command line that repeats it; null if there is none. */
  command: string | null;
  /** Why there is no such command. */
  noCommand: string | null;
  result: (RunResult & { analysis: Analysis | null }) | null;
  figures: ReportedFigure[];
  /** Loss and accuracy by epoch; empty for what is not a classifier. */
  history: EpochRecord[];
  /** The sheet of the worst mistakes, PNG. */
  mistakes: Uint8Array | null;
}

/** A run that runs of a report build on. */
export type Foundation = Pick<ReportedRun, 'record' | 'heading' | 'summary' | 'command' | 'noCommand'>;

/** All that a report is made from. No path in it says anything of the machine that it was made on. */
export interface Report {
  title: string;
  /** What was to be found out; "" for none. */
  question: string;
  /** The user's own words, Markdown; "" for none. */
  notes: string;
  createdAt: string;
  runs: ReportedRun[];
  /** Runs that these build on, each after those that it builds on itself. */
  foundations: Foundation[];
  differences: { key: string; values: (string | null)[] }[];
  /** Evaluated runs, those that differ in their seeds alone together, by their places. */
  rows: ComparedRow[];
  /** Of rows. */
  pairs: ComparedPair[];
  /** What comparing them came to, one to four sentences; "" where nothing was compared. */
  verdict: string;
  /** Figures over several of the runs. */
  figures: ReportedFigure[];
  /** What the report does not hold, a sentence each. */
  leftOut: string[];
}

/** Said once above the runs that others build on. */
export const foundationsIntro =
  'Commands that repeat a run expect these in the folder where they are typed, so run them first, in this order. A path to data or to another file is shortened to its last name.';

/** Clean accuracy and attack success of a run that others build on, as far as they are known. */
export function foundationFigures({ record: { metrics } }: Foundation): string {
  const said = (label: string, value: number | null | undefined) =>
    typeof value === 'number' ? [`${label} ${formatPercent(value)}`] : [];
  return [
    ...said('Clean accuracy', metrics['clean_accuracy']),
    ...said('attack success', metrics['attack_success']),
  ].join(', ');
}

/**
 * The runs that a run builds on, as the report calls them: by letter, or by title and id where they stand at its end.
 */
export function buildsOn({ record: { parents } }: ReportedRun, { runs, foundations }: Report): string[] {
  return parents.map((id) => {
    const place = runs.findIndex(({ record }) => record.id === id);
    if (place !== -1) return runLetter(place);
    const foundation = foundations.find(({ record }) => record.id === id);
    return foundation ? `${foundation.heading} (${id})` : id;
  });
}

/** What the sheet of the worst mistakes shows. */
export function mistakesWords({ result }: ReportedRun): string {
  const anomalous = (result?.words.anomalous ?? 'Anomalous').toLowerCase();
  return `Worst mistakes: the most suspicious clean samples and the least suspicious ${anomalous} ones.`;
}

/** "A", "B", …, "Z", "AA": how a report names its runs. */
export function runLetter(place: number): string {
  const last = String.fromCharCode(65 + (place % 26));
  return place < 26 ? last : runLetter(Math.floor(place / 26) - 1) + last;
}
