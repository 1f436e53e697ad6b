import { expect, it } from 'vitest';
import type { DetectorState } from '../../main/detectors/detector.ts';
import {
  congruence,
  pcaWhitening,
  que,
  quantumEntropyForm,
  seedLibraryForm,
  whiteningRows,
} from '../../main/detectors/methods/que.ts';
import { auroc } from '../../main/evaluation/figures-of-merit.ts';
import { symmetricEigen } from '../../main/tensor/linalg/symmetric-eigen.ts';
import {
  anomalous,
  array,
  describeReference,
  doubleArray,
  entry,
  expectNear,
  featuresOf,
  fit,
  layerNames,
  score,
  shortName,
} from './reference-set.ts';

const { alpha, rcond } = { alpha: 4, rcond: 1e-5 };

/** A fitted state with another form by layer. */
function withForms(state: DetectorState, form: (layer: string, d: number) => Float64Array): DetectorState {
  const tensors = { ...state.tensors };
  for (const layer of layerNames) {
    const d = state.tensors[`${layer}/mean`]!.data.length;
    tensors[`${layer}/form`] = { shape: [d, d], data: form(layer, d) };
  }
  return { ...state, tensors };
}

describeReference('que', () => {
  it.each([
    ['float64', 'scores_float64', 1e-6],
    ['float32', 'scores', 1e-3],
  ] as const)("the seed library's scores with its own whitening, %s run", async (run, key, tolerance) => {
    const expected = entry('que');
    expect(expected.settings).toMatchObject({ alpha, rcond });
    const fitted = await fit(que, { alpha, rcond, compat: true }, featuresOf());
    const state = withForms(fitted, (layer, d) => {
      const whitening = doubleArray(`que_whitening_${shortName(layer)}_${run}_run`);
      return seedLibraryForm(whitening, doubleArray(`untrusted_cov_${shortName(layer)}`), d, alpha);
    });
    const found = await score(que, state);
    for (const [layer, scores] of Object.entries(expected[key]!)) expectNear(found[layer]!, scores, tolerance);
  });

  it('compat whitens as the seed library up to the signs of eigenvectors', async () => {
    for (const layer of layerNames) {
      const { shape, data } = array(`que_whitening_${shortName(layer)}_float64_run`);
      const d = shape[0]!;
      const own = pcaWhitening(doubleArray(`trusted_cov_${shortName(layer)}`), d, rcond);
      const rank = (entry('que')['rank_kept'] as Record<string, number>)[layer]!;
      expect(Array.from({ length: d }, (_, j) => own[j]).filter((value) => value !== 0)).toHaveLength(rank);
      const signs = Array.from({ length: d }, (_, j) => {
        let agreement = 0;
        for (let i = 0; i < d; i++) agreement += own[i * d + j]! * data[i * d + j]!;
        return Math.sign(agreement);
      });
      expectNear(
        own.map((value, at) => value * signs[at % d]!),
        data,
        1e-6,
      );
      // With these signs the compat detector as it stands gives the seed library's form.
      const fitted = await fit(que, { alpha, rcond, compat: true }, featuresOf());
      const ownForm = seedLibraryForm(own, doubleArray(`untrusted_cov_${shortName(layer)}`), d, alpha);
      expectNear(fitted.tensors[`${layer}/form`]!.data, ownForm, 1e-6);
    }
  });

  it('the paper whitens the untrusted covariance too', async () => {
    const expected = entry('que_whitened_untrusted_NOT_LIBRARY');
    const fitted = await fit(que, { alpha, rcond }, featuresOf());
    // exp(4 S / norm(S)) is the paper's exp(alpha (S - I) / (norm(S) - 1)) at another alpha, up to a factor.
    const state = withForms(fitted, (layer, d) => {
      const trusted = doubleArray(`trusted_cov_${shortName(layer)}`);
      const untrusted = doubleArray(`untrusted_cov_${shortName(layer)}`);
      const whitening = whiteningRows(trusted, d, rcond);
      const norm = symmetricEigen(congruence(whitening, untrusted, d), whitening.length / d).values.at(-1);
      return quantumEntropyForm(trusted, untrusted, d, { alpha: (alpha * (norm - 1)) / norm, rcond });
    });
    const found = await score(que, state);
    const upToFactor = (scores: ArrayLike<number>) => {
      const sum = Array.from(scores).reduce((total, value) => total + value, 0);
      return Array.from(scores, (value) => value / sum);
    };
    for (const [layer, scores] of Object.entries(expected.scores_float64!)) {
      expectNear(upToFactor(found[layer]!), upToFactor(scores), 1e-6);
    }
  });

  it('the default finds the triggered rows at every layer', async () => {
    const found = await score(que, await fit(que, {}, featuresOf()));
    for (const layer of layerNames) expect(auroc(found[layer]!, anomalous('eval'))).toBeGreaterThan(0.99);
  });
});
