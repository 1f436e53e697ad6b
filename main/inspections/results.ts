import { makeReport, type ReportFile, type ReportRequest } from '../reports/make-report.ts';
import { comparisonWords, type ComparisonWords } from '../reports/comparison-words.ts';
import { compareRuns, writeComparedSamples, type EvaluatedRun, type RunComparison } from '../reports/compare-runs.ts';
import {
  activationPlane,
  runResult,
  runScores,
  type ActivationPlane,
  type RunFolders,
  type RunScores,
} from '../reports/run-results.ts';
import type { RunResult } from '../../shared/domain/result.ts';

/** Returns the result of a run, as {@link runResult} reads it. */
export const resultOfRun = (run: RunFolders): RunResult | null => runResult(run);

/** Returns the scores of a run, as {@link runScores} reads them. */
export const scoresOfRun = (run: RunFolders): RunScores => runScores(run);

/** Returns a layer of a run in the plane, as {@link activationPlane} reads it. */
export const planeOfRun = ({ folder, layer }: { folder: string; layer: string }): ActivationPlane =>
  activationPlane(folder, layer);

/** A comparison, and what it says. */
export type DescribedComparison = RunComparison & { words: ComparisonWords };

/** Compares runs, as {@link compareRuns} does, and writes their scores side by side if a file is named. */
export function comparisonOfRuns({ runs, csv }: { runs: readonly EvaluatedRun[]; csv?: string }): DescribedComparison {
  const comparison = compareRuns(runs);
  if (csv !== undefined) writeComparedSamples(csv, comparison);
  return { ...comparison, words: comparisonWords(comparison) };
}

/** Makes a report, as {@link makeReport} does. */
export const reportOfRuns = (request: ReportRequest): ReportFile => makeReport(request);
