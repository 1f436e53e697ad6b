import { describe, expect, it } from 'vitest';
import { spectral } from '../../main/detectors/methods/spectral.ts';
import { fit, scoresOf, type Rows } from './in-memory.ts';

/** Class 0 is spread along the first axis about (10, 0), class 1 along the second about (0, 10). */
const untrusted: Rows = {
  layers: { a: [[8, 0], [12, 0], [10, 1], [10, -1], [0, 7], [0, 13], [1, 10], [-1, 10]] }, // prettier-ignore
  predicted: [0, 0, 0, 0, 1, 1, 1, 1],
};

describe('spectral', () => {
  it('projects on the main direction of the predicted class, from its mean', async () => {
    const state = await fit(spectral, { untrusted }, {}, 3);
    const rows = { layers: { a: [[13, 5], [13, 5], [10, 0]] }, predicted: [0, 1, 0] }; // prettier-ignore
    const [first, second, third] = await scoresOf(spectral, state, rows);
    expect(first).toBeCloseTo(9, 10); // 3 along the first axis
    expect(second).toBeCloseTo(25, 10); // -5 along the second
    expect(third).toBeCloseTo(0, 10);
  });

  it('has one direction for all classes where asked, which tells the classes apart', async () => {
    const rows = { layers: { a: [[10, 0], [0, 10], [5, 5]] }, predicted: [0, 1, 0] }; // prettier-ignore
    for (const params of [{ per_class: false }, { compat: true }]) {
      const [first, second, middle] = await scoresOf(spectral, await fit(spectral, { untrusted }, params), rows);
      expect(first).toBeGreaterThan(40);
      expect(second).toBeGreaterThan(40);
      expect(middle).toBeLessThan(1e-3 * first!);
    }
  });

  it('judges a class of which it saw fewer than two samples by all of them', async () => {
    const seen: Rows = { layers: { a: [[-1, 0], [1, 0], [0, 0.5], [0, -0.5], [4, 4]] }, predicted: [0, 0, 0, 0, 1] }; // prettier-ignore
    const state = await fit(spectral, { untrusted: seen });
    const all = await fit(spectral, { untrusted: seen }, { per_class: false });
    for (const k of [1, 2]) {
      const rows = { layers: { a: [[3, -2]] }, predicted: [k] };
      expect(await scoresOf(spectral, state, rows)).toEqual(await scoresOf(spectral, all, rows));
    }
  });

  it('gives 0 for constant activations, and refuses a single sample', async () => {
    const constant = { layers: { a: Array.from({ length: 5 }, () => [2, 2]) } };
    expect(await scoresOf(spectral, await fit(spectral, { untrusted: constant }), constant)).toEqual([0, 0, 0, 0, 0]);
    await expect(fit(spectral, { untrusted: { layers: { a: [[1, 2]] } } })).rejects.toMatchObject({ code: 'bad-data' });
  });
});
