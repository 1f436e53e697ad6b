import { expect, it } from 'vitest';
import { beatrix } from '../../main/detectors/methods/beatrix.ts';
import { doubles } from '../../main/detectors/detector.ts';
import {
  array,
  describeReference,
  entry,
  expectNear,
  expectScores,
  featuresOf,
  fit,
  layerNames,
  score,
  shortName,
} from './reference-set.ts';

describeReference('beatrix', () => {
  it.each(['beatrix', 'beatrix_batches100_moving_average', 'beatrix_batches100_median_of_medians'])(
    '%s',
    async (name) => {
      const expected = entry(name);
      const { power_list, mad_scale, moving_average, 'train batch': batchSize } = expected.settings;
      const params = { power_list, mad_scale, moving_average, compat: true };
      const state = await fit(beatrix, params, featuresOf(undefined, batchSize as number));
      expectScores(await score(beatrix, state), expected, 1e-6);
    },
  );

  it.each([
    [1, 'odd'],
    [4, 'even'],
  ] as const)('the median and MAD of order %i', async (power, parity) => {
    const state = await fit(beatrix, { compat: true }, featuresOf());
    for (const layer of layerNames) {
      for (const part of ['median', 'mad'] as const) {
        const expected = array(`beatrix_${shortName(layer)}_power${power}_${part}`);
        // Stored as float32, whose fourth powers and roots cost a few more digits.
        expectNear(doubles(state, `${layer}/${parity}_${part}`), expected.data, 1e-5);
      }
    }
  });

  it('has the same medians by default, but for their lower middle', async () => {
    const own = await fit(beatrix, { per_class: false }, featuresOf());
    const peer = await fit(beatrix, { compat: true }, featuresOf());
    for (const layer of layerNames) {
      const [median, lower, mad] = [
        doubles(own, `${layer}/odd_median`),
        doubles(peer, `${layer}/odd_median`),
        doubles(own, `${layer}/odd_mad`),
      ];
      expect(median.every((value, at) => value >= lower[at]! && value - lower[at]! < mad[at]!)).toBe(true);
      expect(median).not.toEqual(lower);
    }
  });
});
