import { expect, it } from 'vitest';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { auroc, averagePrecision } from '../../main/evaluation/figures-of-merit.ts';
import { anomalous, describeReference, entries, expectNear } from './reference-set.ts';

/** The runs of an entry: the library fed float32 activations, and the same code fed float64 copies. */
const runs = ['', '_float64'] as const;

const rows = Object.entries(entries).flatMap(([detector, entry]) =>
  runs.flatMap((run) =>
    // One entry keeps figures without the scores they came from.
    Object.entries(entry.scores ? ((entry[`metrics${run}`] ?? {}) as typeof entry.metrics) : {}).map(
      ([layer, metrics]) => ({
        name: `${detector}${run} ${layer}`,
        metrics,
        scores: (entry[`scores${run}`]?.[layer] ?? entry[`${layer}${run}`]) as number[] | undefined,
      }),
    ),
  ),
);

describeReference('metrics and aggregation, given the scores', () => {
  // Read when a test runs: without the reference set none does.
  const labelled = () => anomalous('eval');

  it('has scores for every stored figure', () => {
    const labels = labelled();
    expect(rows.length).toBeGreaterThan(90);
    expect(rows.filter(({ scores }) => scores?.length !== labels.length)).toEqual([]);
  });

  it.each(rows)('$name', ({ metrics, scores }) => {
    const values = Float64Array.from(scores!);
    const labels = labelled();
    expect(Math.abs(auroc(values, labels) - metrics.AUC_ROC)).toBeLessThan(1e-12);
    if (metrics.AP !== undefined) expect(Math.abs(averagePrecision(values, labels) - metrics.AP)).toBeLessThan(1e-12);
  });

  it.each(['mean', 'max'] as const)('aggregates layers by %s', (how) => {
    for (const entry of Object.values(entries)) {
      for (const run of runs) {
        const expected = entry[`all_${how}${run}`] as number[] | undefined;
        const scores = entry[`scores${run}`];
        if (expected === undefined || scores === undefined) continue;
        const layers = Object.fromEntries(
          Object.entries(scores).map(([name, values]) => [name, Float64Array.from(values)]),
        );
        // The float32 run added layers up in float32.
        expectNear(aggregateLayers(layers, how), expected, run === '' ? 1e-6 : 1e-12);
      }
    }
  });
});
