import type { Analysis } from '../../shared/domain/analysis.ts';
import type { EpochRecord } from '../runs/training-history.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';

/** What a report says of a pair of runs. */
export interface ReportedPair {
  a: number;
  b: number;
  shared: number;
  reason: string | null;
  test: { difference: number; lower: number; upper: number; p: number | null } | null;
  spearman: number | null;
}

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
  summary: RunSummary;
  spec: SpecFile | null;
  /** The command line that repeats it; null where there is none. */
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

/** All that a report is made from. */
export interface Report {
  title: string;
  /** What was to be found out; "" for none. */
  question: string;
  /** The user's own words, Markdown; "" for none. */
  notes: string;
  createdAt: string;
  runs: ReportedRun[];
  differences: { key: string; values: (string | null)[] }[];
  pairs: ReportedPair[];
  /** Figures over several of the runs. */
  figures: ReportedFigure[];
  /** What the report does not hold, a sentence each. */
  leftOut: string[];
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
