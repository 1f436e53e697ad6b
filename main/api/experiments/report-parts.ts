import { asPicked } from '../../../shared/schema/fields.ts';
import type { ExperimentPlan } from '../../experiments/plan.ts';
import type { ReportParts } from '../../reports/experiment-report/request.ts';
import { publicSpec } from '../../runs/public-paths.ts';
import type { StoredExperiment } from './experiment-store.ts';

/** Returns what a report tells of an experiment's file and plan, with no path of this machine but in its spec. */
export function reportParts({ file: { id, created_at, spec } }: StoredExperiment, plan: ExperimentPlan): ReportParts {
  const paramsOf = (key: string | null | undefined) => {
    const run = key === null || key === undefined ? undefined : plan.runs.get(key);
    if (!run) return null;
    const { seed: _, ...params } = publicSpec(run.kind, run.params, new Map());
    return params;
  };
  const partOf = (key: string | null | undefined, part: 'task' | 'detector') => asPicked(paramsOf(key)?.[part]) ?? null;
  const possible = plan.cells.filter(({ key }) => key !== null);
  return {
    experiment: { id, created_at, spec },
    columns: plan.columns.map(({ classifiers }, c) => ({
      task: partOf(possible.find(({ column }) => column === c)?.key, 'task'),
      classifier: paramsOf(classifiers[0]),
    })),
    rows: plan.rows.map((_, r) => ({ detector: partOf(possible.find(({ row }) => row === r)?.key, 'detector') })),
  };
}
