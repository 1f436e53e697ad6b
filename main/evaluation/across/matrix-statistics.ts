import type {
  BaselineComparison,
  DetectorStatistics,
  MatrixStatistics,
} from '../../../shared/domain/matrix-statistics.ts';
import { matrixMetrics, type MatrixCell, type ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { holm } from './holm.ts';
import { meanOf } from './mean-deviation.ts';
import { meanRanks } from './mean-ranks.ts';
import { winTieLoss } from './paired-differences.ts';
import { meanOverTasks } from './task-mean.ts';
import { undecidedGroups } from './undecided-groups.ts';
import { fewestForTest, wilcoxonSignedRank } from './wilcoxon.ts';

/** Holm-corrected p values below this are taken for a difference. */
const level = 0.05;

/** What is said in place of p values. */
const tooFew = 'Too few tasks for a test across tasks';

/**
 * Returns means, mean ranks and differences to a baseline over the tasks of a matrix. Means and ranks are over the
 * tasks that count and that every ranked detector has complete, so that all are judged on the same; a detector that has
 * none complete does not keep the others from it. Each difference is over the tasks that both have complete. `baseline`
 * is the place of a detector; null compares with none.
 * @throws CupbearerError `usage` for a baseline that is not in the matrix.
 */
export function matrixStatistics(matrix: ResultMatrix, baseline: number | null): MatrixStatistics {
  const { metric, tasks, detectors } = matrix;
  if (baseline !== null && !detectors[baseline])
    throw new CupbearerError(
      'usage',
      `There is no detector ${baseline} to compare with: expected 0 to ${detectors.length - 1}.`,
    );
  const { higher } = matrixMetrics[metric];
  const places = [...detectors.keys()];
  const complete = places.map((d) => [...tasks.keys()].filter((t) => whyLeftOut(matrix, d, t) === null));
  const ranked = places.filter((d) => !detectors[d]!.isSkyline && complete[d]!.length > 0);
  const commonTasks =
    ranked.length === 0 ? [] : complete[ranked[0]!]!.filter((t) => ranked.every((d) => complete[d]!.includes(t)));
  const figureOf = (d: number, t: number) => matrix.cells[d]![t]!.mean!;

  const ranks = commonTasks.length === 0 ? [] : meanRanks(ranked.map((d) => commonTasks.map((t) => figureOf(d, t))), higher); // prettier-ignore
  const compared = ranked.filter((d) => baseline !== null && d !== baseline);
  const comparisons = compared.map((d) => {
    const both = complete[d]!.filter((t) => complete[baseline!]!.includes(t));
    return compare(both, both.map((t) => figureOf(d, t) - figureOf(baseline!, t)), higher); // prettier-ignore
  });
  const corrected = correctedOf(comparisons.map(({ p }) => p));

  return {
    baseline,
    commonTasks,
    ranked,
    detectors: places.map((d): DetectorStatistics => {
      const own = commonTasks.filter((t) => complete[d]!.includes(t));
      const place = compared.indexOf(d);
      return {
        mean: own.length === 0 ? null : meanOf(own.map((t) => figureOf(d, t))),
        tasks: own,
        rank: ranks[ranked.indexOf(d)] ?? null,
        comparison: place === -1 ? null : { ...comparisons[place]!, corrected: corrected[place]! },
        leftOut: [...tasks.keys()].flatMap((task) => {
          const reason = whyLeftOut(matrix, d, task);
          return reason === null ? [] : [{ task, reason }];
        }),
      };
    }),
    comparisons: corrected.filter((p) => p !== null).length,
    noTest: comparisons.length === 0 || comparisons.some(({ p }) => p !== null) ? null : mostTasks(comparisons),
    groups: groupsOf(ranked, ranks, (d) => commonTasks.map((t) => figureOf(d, t))),
  };
}

/** Why a detector's figure on a task does not count; null where it does. */
function whyLeftOut({ tasks, cells }: ResultMatrix, detector: number, task: number): string | null {
  return tasks[task]!.notCounted ?? incomplete(cells[detector]![task]!);
}

function incomplete({ state, mean, reason, seeds }: MatrixCell): string | null {
  switch (state) {
    case 'done':
      return mean === null ? (reason ?? 'No figure') : null;
    case 'failed':
    case 'impossible':
      return reason ?? (state === 'failed' ? 'Failed' : 'Not possible');
    case 'partial':
    case 'running':
    case 'waiting':
      return `${seeds.filter((seed) => seed.state === 'done').length} of ${seeds.length} seeds done`;
  }
}

function compare(tasks: number[], differences: readonly number[], higher: boolean): BaselineComparison {
  const { mean, lower, upper } = meanOverTasks(differences);
  const p = wilcoxonSignedRank(differences)?.p ?? null;
  return {
    tasks,
    difference: mean,
    lower,
    upper,
    ...winTieLoss(differences, higher),
    p,
    corrected: null,
    noTest: p === null ? noTestOf(tasks.length, differences.length - winTieLoss(differences, higher).tie) : null,
  };
}

/** Says how many tasks a test would have, `differing` of which have a difference. */
function noTestOf(tasks: number, differing: number): string {
  const found = differing < tasks ? `${differing} of ${tasks} differ` : `${tasks} ${tasks === 1 ? 'counts' : 'count'}`;
  return `${tooFew}: ${found}, and with fewer than ${fewestForTest} the smallest two-sided p is .0625 or more.`;
}

/** Of comparisons none of which could be tested, what is said of the one with most tasks. */
function mostTasks(comparisons: readonly BaselineComparison[]): string | null {
  const most = comparisons.reduce((best, other) => (other.tasks.length > best.tasks.length ? other : best));
  return most.noTest;
}

/** Corrects those p values that there are, for their number. */
function correctedOf(p: readonly (number | null)[]): (number | null)[] {
  const known = holm(p.filter((value) => value !== null));
  let next = 0;
  return p.map((value) => (value === null ? null : known[next++]!));
}

function groupsOf(
  ranked: readonly number[],
  ranks: readonly number[],
  figuresOf: (detector: number) => readonly number[],
): number[][] | null {
  const figures = ranked.map(figuresOf);
  if ((figures[0]?.length ?? 0) < fewestForTest) return null;
  const pairs = ranked.flatMap((_, a) => ranked.flatMap((__, b) => (b > a ? [[a, b] as const] : [])));
  // A pair that hardly differs on any task has no test of its own, and is not told apart; it counts in the family all
  // the same.
  const p = pairs.map(([a, b]) => wilcoxonSignedRank(figures[a]!.map((value, t) => value - figures[b]![t]!))?.p ?? 1);
  const corrected = holm(p);
  const decided = new Set(pairs.flatMap(([a, b], i) => (corrected[i]! < level ? [`${a},${b}`, `${b},${a}`] : [])));
  return undecidedGroups(ranks, (a, b) => decided.has(`${a},${b}`)).map((group) =>
    group.map((place) => ranked[place]!),
  );
}
