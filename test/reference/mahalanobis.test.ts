import { describe, expect, it } from 'vitest';
import type { DetectorContext, DetectorParams, Features } from '../../main/detectors/detector.ts';
import { mahalanobis } from '../../main/detectors/mahalanobis.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { auroc, averagePrecision } from '../../main/evaluation/figures-of-merit.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { expectedScores, hasVectors, layers, vectors, withoutVectors } from './stored-vectors.ts';

/** The stored activations of a group of rows, `[from, to)` of them, as a network would give them. */
function batch(group: 'trusted' | 'eval', from: number, to: number): ActivationBatch {
  const rows = layers.map(({ short, name }) => {
    const { shape, data } = vectors(`${group}_${short}`);
    return [name, (data as Float32Array).subarray(from * shape[1]!, to * shape[1]!)] as const;
  });
  const size = to - from;
  return {
    size,
    inputs: new Float32Array(0),
    labels: new Int32Array(size),
    indices: Int32Array.from({ length: size }, (_, i) => from + i),
    layers: new Map(rows),
  };
}

function trustedFeatures(batchSize: number): Features {
  const length = vectors('trusted_labels').shape[0]!;
  return {
    layers: layers.map(({ short, name }) => ({ name, dims: vectors(`trusted_${short}`).shape[1]! })),
    trusted: {
      length,
      async *batches() {
        for (let from = 0; from < length; from += batchSize)
          yield await Promise.resolve(batch('trusted', from, Math.min(from + batchSize, length)));
      },
    },
  };
}

/** Scores of the eval rows by layer, from the definition's own `fit` and `score`. */
async function scores(settings: object, batchSize: number) {
  const params = mahalanobis.params.parse({ ...settings, compat: true }) as DetectorParams;
  const context = {} as DetectorContext;
  const state = await mahalanobis.fit(trustedFeatures(batchSize), params, context);
  return mahalanobis.score(state, batch('eval', 0, vectors('eval_labels').shape[0]!), context);
}

/** Largest difference over the largest expected magnitude. */
function difference(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))) / largest;
}

describe.skipIf(!hasVectors)(`Mahalanobis against the peer library${withoutVectors}`, () => {
  const entries = expectedScores('mahalanobis');
  const labels = hasVectors ? (vectors('eval_anomaly').data as Uint8Array) : new Uint8Array();

  it('has an entry for each combination of relative and shrinkage, and one in batches', () => {
    expect(entries).toHaveLength(5);
    expect(entries.filter(([, { settings }]) => settings.relative && settings.shrinkage > 0)).toHaveLength(1);
  });

  // The streamed entry was fitted in batches of 32; ours must not depend on it, so all are fitted both ways.
  it.each(entries.flatMap(([name, entry]) => [32, 600].map((size) => ({ name, entry, size }))))(
    '$name, fitted in batches of $size',
    async ({ name, entry, size }) => {
      const { relative, rcond, shrinkage } = entry.settings;
      const found = await scores({ relative, rcond, shrinkage }, size);
      const byLayer = Object.fromEntries(found);
      const all = { all_mean: aggregateLayers(byLayer, 'mean'), all_max: aggregateLayers(byLayer, 'max') };
      for (const [layer, values] of found) {
        expect(difference(values, entry.scores[layer]!), layer).toBeLessThan(1e-3);
        const exact = entry.scores_float64?.[layer];
        if (exact) expect(difference(values, exact), layer).toBeLessThan(1e-6);
      }
      for (const how of ['all_mean', 'all_max'] as const) {
        expect(difference(all[how], entry[how]), how).toBeLessThan(1e-3);
        const exact = entry[`${how}_float64`];
        if (exact) expect(difference(all[how], exact), how).toBeLessThan(1e-6);
      }
      const exactMetrics = Object.entries(entry.metrics_float64 ?? {});
      expect(exactMetrics).toHaveLength(name.includes('streamed') ? 0 : 5);
      for (const [layer, metrics] of exactMetrics) {
        const values = layer in byLayer ? byLayer[layer]! : all[layer as keyof typeof all];
        expect(Math.abs(auroc(values, labels) - metrics.AUC_ROC), layer).toBeLessThan(1e-12);
        expect(Math.abs(averagePrecision(values, labels) - metrics.AP), layer).toBeLessThan(1e-12);
      }
    },
  );

  it('departs from it without "compat" only where there is shrinkage', async () => {
    const { settings } = entries[0]![1];
    const [own, peers] = await Promise.all(
      [false, true].map(async (compat) => {
        const params = mahalanobis.params.parse({ ...settings, compat }) as DetectorParams;
        return mahalanobis.fit(trustedFeatures(600), params, {} as DetectorContext);
      }),
    );
    expect(own).toEqual(peers);
  });
});
