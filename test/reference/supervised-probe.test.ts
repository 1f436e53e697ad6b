import { expect, it } from 'vitest';
import { doubles } from '../../main/detectors/detector.ts';
import { supervisedProbe } from '../../main/detectors/methods/supervised-probe.ts';
import { auroc } from '../../main/evaluation/figures-of-merit.ts';
import {
  anomalous,
  array,
  batchOf,
  describeReference,
  entry,
  expectNear,
  featuresOf,
  fit,
  layerNames,
  score,
} from './reference-set.ts';

/** The library neither standardises nor penalises the intercept. */
const asTheLibrary = { scaler: false };

/** scikit-learn's objective with C = 1 in float64, and the largest part of its gradient. */
function objective(layer: string, weights: ArrayLike<number>, intercept: number): { value: number; slope: number } {
  const { layers, size } = batchOf('untrusted', [layer]);
  const [x, labels] = [layers.get(layer)!, anomalous('untrusted')];
  const d = weights.length;
  const gradient = Float64Array.from({ length: d + 1 }, (_, j) => (j < d ? weights[j]! : 0));
  let value = gradient.reduce((sum, weight) => sum + weight ** 2 / 2, 0);
  for (let i = 0; i < size; i++) {
    const row = x.subarray(i * d, (i + 1) * d);
    const sign = labels[i] === 1 ? 1 : -1;
    const margin = sign * row.reduce((sum, entry, j) => sum + entry * weights[j]!, intercept);
    value += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
    const pull = -sign / (1 + Math.exp(margin));
    for (let j = 0; j < d; j++) gradient[j]! += pull * row[j]!;
    gradient[d]! += pull;
  }
  return { value, slope: gradient.reduce((most, part) => Math.max(most, Math.abs(part)), 0) };
}

describeReference('supervised-probe', () => {
  // The library's own probe stopped at scikit-learn's default tolerance of 1e-4: its probabilities are near, its coefficients
  // are not those of the minimum.
  it.each([
    ['supervised_probe', 1e-3, undefined],
    ['supervised_probe_converged', 1e-4, 1e-4],
    ['supervised_probe_converged_float64', 1e-4, 1e-4],
  ])('%s', async (name, tolerance, coefficientTolerance) => {
    const [layer, expected] = Object.entries(entry(name).scores!)[0]!;
    const state = await fit(supervisedProbe, asTheLibrary, featuresOf([layer]));
    const found = await score(supervisedProbe, state, [layer]);
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - found[layer]![i]!)));
    expect(largest).toBeLessThan(tolerance);
    const theirs = { weights: array(`${name}_coef`).data, intercept: entry(name)['intercept'] as number[] };
    const ours = { weights: doubles(state, `${layer}/weights`), intercept: doubles(state, `${layer}/intercept`) };
    if (coefficientTolerance !== undefined) {
      expectNear(ours.weights, theirs.weights, coefficientTolerance);
      expectNear(ours.intercept, theirs.intercept, coefficientTolerance);
    }
    const [found64, expected64] = [ours, theirs].map(({ weights, intercept }) =>
      objective(layer, weights, intercept[0]!),
    );
    expect(found64!.value).toBeLessThanOrEqual(expected64!.value * (1 + 1e-12));
    expect(found64!.slope).toBeLessThan(1e-6);
  });

  it('takes any number of layers, and either score', async () => {
    const state = await fit(supervisedProbe, { score: 'log-odds' }, featuresOf());
    const found = await score(supervisedProbe, state);
    for (const layer of layerNames) expect(auroc(found[layer]!, anomalous('eval'))).toBeGreaterThan(0.97);
  });
});
