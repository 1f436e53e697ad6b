import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DraftPlan, RunTimes } from '../../../shared/domain/draft.ts';
import type { ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { formatPercent } from '../../../shared/format.ts';
import type { ExperimentPlan } from '../../experiments/plan.ts';
import type { Catalogue } from '../../storage/catalogue.ts';

/** Share of attacks that must succeed for a task to be about detecting them. */
const leastSuccess = 0.5;

/** Returns what a planned experiment would compute, and what of it is there already. */
export async function draftPlan(
  catalogue: Catalogue,
  plan: ExperimentPlan,
  { spec, addsTo, folder }: { spec: ExperimentSpec; addsTo: string | null; folder: string },
): Promise<DraftPlan> {
  const cellsOf = Map.groupBy(plan.cells, ({ row, column }) => `${row}/${column}`);
  const done = catalogue.experiments.doneAmong([...plan.runs.keys()]);
  const classifiers = new Set(plan.columns.flatMap((column) => column.classifiers));
  const from = [...classifiers].flatMap((key) => done.get(key) ?? []);
  return {
    seeds: [...plan.seeds],
    rows: plan.rows.map(({ label, detector }) => ({ label, detector })),
    columns: plan.columns.map(({ label, classifiers: keys }) => ({ label, warning: failedAttack(keys) })),
    cells: plan.rows.map((_, row) => plan.columns.map((__, column) => cellAt(row, column))),
    classifiers: {
      total: classifiers.size,
      reused: [...classifiers].filter((key) => done.has(key) || plan.given.has(key)).length,
      from: [...new Map(from.map(({ experiment: id, name }) => [id, { id, name }])).values()],
    },
    toCompute: countsToCompute(),
    freeBytes: await freeBytesIn(folder),
    addsTo,
    spec,
  };

  function cellAt(row: number, column: number): DraftPlan['cells'][number][number] {
    const own = cellsOf.get(`${row}/${column}`) ?? [];
    return {
      reused: own.map(({ key }) => key !== null && done.has(key)),
      impossible: own[0]?.impossible ?? null,
    };
  }

  function countsToCompute(): Record<string, number> {
    const counts: Record<string, number> = {};
    const missing = [...plan.runs.values()].filter(({ key }) => !done.has(key));
    for (const { kind, params } of missing) {
      const method = kind !== 'detector' ? kind : String((params['detector'] as { name: string }).name);
      counts[method] = (counts[method] ?? 0) + 1;
    }
    return counts;
  }

  /** What is known of the attack on classifiers that are there: their mean over seeds counts. */
  function failedAttack(keys: readonly string[]): string | null {
    const known = keys.flatMap((key) => {
      const given = plan.given.get(key);
      const reused = done.get(key);
      const run = given === undefined ? reused && catalogue.find(reused.run) : catalogue.byFolder(given);
      return run?.metrics['attack_success'] ?? [];
    });
    if (known.length === 0) return null;
    const mean = known.reduce((sum, share) => sum + share, 0) / known.length;
    return mean >= leastSuccess ? null : `The attack on these classifiers failed (${formatPercent(mean)} success).`;
  }
}

/** Free bytes where a folder is, or will be. */
async function freeBytesIn(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing && dirname(folder) !== folder ? freeBytesIn(dirname(folder)) : null;
  }
}

/** How long runs took here, by method: the middle, and what a tenth is below and above. */
export function runTimes(catalogue: Catalogue): RunTimes {
  const took = [...catalogue.experiments.tookByMethod()].map(([method, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
    return [method, { runs: all.length, lowMs: at(0.1), middleMs: at(0.5), highMs: at(0.9) }] as const;
  });
  return Object.fromEntries(took);
}
