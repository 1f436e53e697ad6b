import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import type { ScoreChoice } from '../../shared/domain/compared.ts';
import type { ComparedPair, ComparedRow } from '../../shared/domain/comparison.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { command, worded } from '../../shared/wording.ts';
import { chosenScores, comparedRow, foldedRuns } from './compare/compared-rows.ts';
import { comparedSamples, type ComparedSamples } from './compare/compared-samples.ts';
import { PairComparison } from './compare/compared-pairs.ts';
import { loadRun, ownLayers, type EvaluatedRun } from './compare/loaded-run.ts';
import { specDifferences, type SpecDifference } from './compare/spec-differences.ts';

/** A run that is compared, with the scores that were asked for. */
interface ComparedRun extends Pick<EvaluatedRun, 'id' | 'title' | 'folder'> {
  /** Id of the detector. */
  detector: string;
  seed: number;
  /** Of the score that is compared, on all of the run's own test samples; null if it has no such score. */
  metrics: LayerMetrics | null;
}

export interface RunComparison {
  score: ScoreChoice;
  /** Layers that any of the runs has scores of. */
  layers: string[];
  runs: ComparedRun[];
  /** What is compared: runs that differ in their seeds alone are one row. */
  rows: ComparedRow[];
  differences: SpecDifference[];
  /** Of rows, with p values corrected by Holm for all of them. */
  pairs: ComparedPair[];
  /** One for each set of test data that two or more of the runs share, that of most runs first. */
  samples: ComparedSamples[];
}

interface ComparisonOptions {
  score?: ScoreChoice | undefined;
  /** Of more rows than that only so many with the highest AUROC are paired. */
  mostPaired?: number | undefined;
}

/**
 * Compares evaluated runs sample by sample: those with the same test data are joined by sample index and label, and
 * those that differ in their seeds alone count as one.
 * @throws CupbearerError `usage` for fewer than two runs or one named twice, `not-found` for a run without a folder or
 * an evaluation.
 */
export function compareRuns(
  runs: readonly EvaluatedRun[],
  { score = allLayers, mostPaired = Infinity }: ComparisonOptions = {},
): RunComparison {
  if (runs.length < 2)
    throw new CupbearerError('usage', `Comparing takes two runs or more, got ${runs.length}.`, {
      hint: worded`${command('npx cupbearer runs lists them.', 'The screen Runs lists them.')}`,
    });
  const loaded = runs.map(loadRun);
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new CupbearerError('usage', `The run ${twice} is named twice.`);
  const folded = foldedRuns(loaded);
  const chosen = chosenScores(loaded, folded, score);
  const compared = new PairComparison(loaded, chosen);
  const groups = sameTask(compared, folded);
  const rows = folded.map((places, i) => comparedRow(loaded, chosen, places, groups[i]!, score));
  const auroc = (row: number) => rows[row]!.figures?.auroc.value ?? -1;
  const paired = [...rows.keys()]
    .sort((a, b) => auroc(b) - auroc(a))
    .slice(0, mostPaired)
    .sort((a, b) => a - b);
  return {
    score,
    layers: [...new Set(loaded.flatMap(ownLayers))],
    runs: loaded.map(({ id, title, folder, detector, seed }, i) => ({
      id,
      title,
      folder,
      detector,
      seed,
      metrics: chosen[i]!.metrics,
    })),
    rows,
    differences: specDifferences(loaded.map(({ asked }) => asked)),
    pairs: compared.all(folded, paired),
    samples: comparedSamples(loaded, chosen),
  };
}

/** Numbers rows by their task: those that share test data have the same. */
function sameTask(compared: PairComparison, rows: readonly (readonly number[])[]): number[] {
  const groups: number[] = [];
  for (const [i, row] of rows.entries()) {
    const known = rows.slice(0, i).findIndex((other) => compared.matches(row, other).length > 0);
    groups.push(known === -1 ? Math.max(-1, ...groups) + 1 : groups[known]!);
  }
  return groups;
}
