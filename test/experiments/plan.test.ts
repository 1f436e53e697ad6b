import { describe, expect, it } from 'vitest';
import { planExperiment, specOf, type PlanSource } from '../../main/experiments/plan.ts';
import { checkedExperiment } from '../../main/experiments/read-spec.ts';
import { suites } from '../../main/experiments/suites/index.ts';

const context: Omit<PlanSource, 'spec'> = {
  dataDir: '/data',
  workingDir: '/work',
  version: '1',
  runFolders: {},
  mostCells: 10_000,
};

describe('planExperiment', () => {
  it('plans the quick suite', () => {
    const start = performance.now();
    const plan = planExperiment({ spec: suites.get('quick')!, ...context });
    console.log(
      performance.now() - start,
      plan.runs.size,
      plan.cells.length,
      plan.cells.filter((c) => c.impossible),
    );
    for (const run of plan.runs.values()) specOf(run, (key) => `/x/${key}`);
    console.log(performance.now() - start, [...plan.runs.values()].slice(0, 4), plan.rows);
  });
});
