import { it } from 'vitest';
import { spectral } from '../../main/detectors/methods/spectral.ts';
import { describeReference, entry, expectScores, featuresOf, fit, score } from './reference-set.ts';

describeReference('spectral', () => {
  it.each([
    ['as the seed library', { compat: true }],
    ['not by class', { per_class: false }],
  ])('%s', async (_, params) => {
    const state = await fit(spectral, params, featuresOf());
    expectScores(await score(spectral, state), entry('spectral'), 1e-6);
  });
});
