import { expect, it } from 'vitest';
import { doubles } from '../../main/detectors/detector.ts';
import { supervisedProbe } from '../../main/detectors/methods/supervised-probe.ts';
import { auroc } from '../../main/evaluation/figures-of-merit.ts';
import {
  anomalous,
  array,
  describeReference,
  entry,
  expectNear,
  featuresOf,
  fit,
  layerNames,
  score,
} from './reference-set.ts';

describeReference('supervised-probe', () => {
  // The first stopped at scikit-learn's default tolerance of 1e-4.
  it.each([
    ['supervised_probe', 1e-3, 1e-2],
    ['supervised_probe_converged', 1e-4, 1e-4],
    ['supervised_probe_converged_float64', 1e-4, 1e-4],
  ])('%s', async (name, tolerance, coefficientTolerance) => {
    const [layer, expected] = Object.entries(entry(name).scores!)[0]!;
    const state = await fit(supervisedProbe, {}, featuresOf([layer]));
    const found = await score(supervisedProbe, state, [layer]);
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - found[layer]![i]!)));
    expect(largest).toBeLessThan(tolerance);
    expectNear(doubles(state, `${layer}/weights`), array(`${name}_coef`).data, coefficientTolerance);
    expectNear(doubles(state, `${layer}/intercept`), entry(name)['intercept'] as number[], coefficientTolerance);
  });

  it('takes any number of layers, and either score', async () => {
    const state = await fit(supervisedProbe, { score: 'log-odds', scaler: true }, featuresOf());
    const found = await score(supervisedProbe, state);
    for (const layer of layerNames) expect(auroc(found[layer]!, anomalous('eval'))).toBeGreaterThan(0.97);
  });
});
