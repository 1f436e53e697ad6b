import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { auroc, averagePrecision } from '../../main/evaluation/figures-of-merit.ts';
import { sharedFolder } from '../shared-folder.ts';

interface Entry {
  [key: string]: unknown;
  scores: Record<string, number[]>;
  metrics: Record<string, { AUC_ROC: number; AP?: number }>;
}

const file = sharedFolder && join(sharedFolder, 'reference', 'mnist-mlp-corner', 'expected.json');
const present = file !== undefined && existsSync(file);

describe.skipIf(!present)('peer library, mnist-mlp-corner (skipped without the shared folder)', () => {
  const detectors = present
    ? (JSON.parse(readFileSync(file, 'utf8')) as { detectors: Record<string, Entry> }).detectors
    : {};
  // Eval rows 0 to 149 are clean, 150 to 299 carry the trigger.
  const labels = Uint8Array.from({ length: 300 }, (_, i) => (i < 150 ? 0 : 1));
  // One entry keeps figures without the scores they came from.
  const scored = Object.entries(detectors).filter(([, entry]) => 'scores' in entry);
  const rows = scored.flatMap(([detector, entry]) =>
    ['', '_float64'].flatMap((suffix) =>
      Object.entries((entry[`metrics${suffix}`] ?? {}) as Entry['metrics']).map(([layer, metrics]) => {
        const byLayer = (entry[`scores${suffix}`] ?? {}) as Entry['scores'];
        const scores = byLayer[layer] ?? (entry[`${layer}${suffix}`] as number[] | undefined);
        return { name: `${detector}${suffix} ${layer}`, metrics, scores };
      }),
    ),
  );

  it('has scores for every stored figure', () => {
    expect(rows.length).toBeGreaterThan(90);
    expect(rows.filter(({ scores }) => scores?.length !== labels.length)).toEqual([]);
  });

  it.each(rows)('$name', ({ metrics, scores }) => {
    const values = Float64Array.from(scores!);
    expect(Math.abs(auroc(values, labels) - metrics.AUC_ROC)).toBeLessThan(1e-12);
    if (metrics.AP !== undefined) expect(Math.abs(averagePrecision(values, labels) - metrics.AP)).toBeLessThan(1e-12);
  });

  it.each(['mean', 'max'] as const)('aggregates layers by %s as the peer', (how) => {
    for (const [detector, entry] of scored) {
      const expected = entry[`all_${how}`] as number[] | undefined;
      if (expected === undefined) continue;
      const layers = Object.fromEntries(
        Object.entries(entry.scores).map(([name, scores]) => [name, Float64Array.from(scores)]),
      );
      const largest = Math.max(...expected.map(Math.abs));
      aggregateLayers(layers, how).forEach((value, i) => {
        expect(Math.abs(value - expected[i]!) / largest, detector).toBeLessThan(1e-6);
      });
    }
  });
});
