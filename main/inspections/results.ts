import { writeReport, type WrittenReport, type ReportRequest } from '../reports/make-report.ts';
import { comparisonWords, type ComparisonWords } from '../reports/comparison-words.ts';
import { compareRuns, type RunComparison } from '../reports/compare-runs.ts';
import { comparedSamplesCsv } from '../reports/compare/compared-samples.ts';
import type { EvaluatedRun } from '../reports/compare/loaded-run.ts';
import {
  activationPlane,
  runResult,
  runScores,
  type ActivationPlane,
  type RunFolders,
  type RunScores,
} from '../reports/run-results.ts';
import { pooledEvaluation, poolingsOf, type Poolings } from '../runs/pooled-evaluation.ts';
import type { Evaluation } from '../../shared/domain/evaluation.ts';
import type { TokenPooling } from '../../shared/scores/token-pooling.ts';
import { packedBytes } from '../../shared/domain/arrays.ts';
import type { ScoreChoice } from '../../shared/domain/compared.ts';
import { figuresToBytes } from '../../shared/domain/comparison.ts';
import type { ShownResult } from '../../shared/domain/result.ts';

/** Returns the result of a run, as {@link runResult} reads it, and what other poolings of its tokens would make of it. */
export function resultOfRun(run: RunFolders): ShownResult | null {
  const result = runResult(run);
  const poolings = result && poolingsOf(run.folder);
  return result && { ...result, poolings: poolings && { ...poolings, shown: run.pooling ?? poolings.own } };
}

/** Returns the metrics of a run with another pooling of its tokens, or the AUROC with each that has a name. */
export function poolingOfRun({ folder, pooling }: { folder: string; pooling: TokenPooling | undefined }): {
  poolings: Poolings | null;
  layers: Evaluation['layers'] | null;
} {
  if (pooling === undefined) return { poolings: poolingsOf(folder), layers: null };
  return { poolings: null, layers: pooledEvaluation(folder, pooling).evaluation.layers };
}

/** Returns the scores of a run, as {@link runScores} reads them. */
export const scoresOfRun = (run: RunFolders): RunScores => runScores(run);

/** Returns a layer of a run in the plane, as {@link activationPlane} reads it. */
export const planeOfRun = ({ folder, layer }: { folder: string; layer: string }): ActivationPlane =>
  activationPlane(folder, layer);

/** Compares runs, as {@link compareRuns} does, with their scores side by side as CSV if asked for. */
export function comparisonOfRuns({
  runs,
  score,
  csv,
}: {
  runs: readonly EvaluatedRun[];
  score: ScoreChoice;
  csv: boolean;
}): RunComparison & { words: ComparisonWords; csv: string | undefined } {
  const comparison = compareRuns(runs, { score });
  return {
    ...comparison,
    words: comparisonWords(comparison),
    csv: csv ? comparedSamplesCsv(comparison) : undefined,
  };
}

/** A comparison as it travels to the window, in bytes. */
interface PackedComparison {
  figures: Uint8Array<ArrayBuffer>;
  samples: { runs: number[]; arrays: Uint8Array<ArrayBuffer> }[];
}

/** Compares runs for the window, as {@link compareRuns} does. */
export function packedComparison({
  runs,
  score,
}: {
  runs: readonly EvaluatedRun[];
  score: ScoreChoice;
}): PackedComparison {
  const comparison = compareRuns(runs, { score });
  const { layers, rows, pairs } = comparison;
  const metrics = comparison.runs.map((run) => run.metrics);
  return {
    figures: figuresToBytes({ score, layers, metrics, rows, pairs, ...comparisonWords(comparison) }),
    samples: comparison.samples.map(({ runs: places, sampleIndex, labels, scores }) => ({
      runs: places,
      arrays: packedBytes({
        sample_index: sampleIndex,
        labels,
        ...Object.fromEntries(places.map((place, i) => [`scores/${place}`, scores[i]!])),
      }),
    })),
  };
}

/** Writes a report, as {@link writeReport} does. */
export const reportOfRuns = (request: ReportRequest): WrittenReport => writeReport(request);
