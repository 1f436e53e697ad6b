import { describe, expect, it } from 'vitest';
import { beatrix } from '../../main/detectors/methods/beatrix.ts';
import { BatchedGramStatistics, gramStatistics } from '../../main/detectors/parts/gram-statistics.ts';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { pairingMisfits } from '../../main/runs/pairing.ts';
import { NetworkOutline } from '../../main/models/network-outline.ts';
import { fit, normalRows, scoresOf } from './in-memory.ts';

describe('gramStatistics', () => {
  const x = Float32Array.of(1, 2, -1, 3, 2, -2, 4, 1); // rows (1, 2), (-1, 3), (2, -2), (4, 1)

  it('takes medians and MADs of products, entry by entry', () => {
    const { odd, even } = gramStatistics(x, 2, true);
    // Squares of the first: 1, 1, 4, 16; products: 2, -3, -4, 4; squares of the second: 4, 9, 4, 1.
    expect([...odd.median]).toEqual([2.5, -0.5, 4]);
    expect([...odd.mad]).toEqual([1.5, 3, 1.5]);
    expect([...even.median]).toEqual([2.5, 3.5, 4]);
    expect([...even.mad]).toEqual([1.5, 0.5, 1.5]);
  });

  it('leaves the diagonal out where asked', () => {
    expect([...gramStatistics(x, 2, false).odd.median]).toEqual([-0.5]);
  });

  it('is the order of the Gram matrix as the paper writes it', () => {
    const rows = normalRows(21, 3, 'orders');
    const byParity = gramStatistics(Float32Array.from(rows.flat()), 3, true);
    for (const p of [1, 2, 3, 4, 5]) {
      const entries = rows.map(([, b, c]) => {
        const g = b! ** p * c! ** p;
        return Math.sign(g) * Math.abs(g) ** (1 / p);
      });
      const median = entries.sort((a, b) => a - b)[10]!;
      expect(byParity[p % 2 === 1 ? 'odd' : 'even'].median[4]).toBeCloseTo(median, 12);
    }
  });
});

describe('BatchedGramStatistics', () => {
  const batches = [Float32Array.of(1, 2, 3), Float32Array.of(4), Float32Array.of(2, 6)]; // one dimension: squares

  it('averages the medians of batches by their size, as the seed library', () => {
    const statistics = new BatchedGramStatistics(1, true);
    for (const batch of batches) statistics.update(batch);
    // Lower medians of squares 4, 16, 4: 4, then (3 * 4 + 16) / 4 = 7, then (4 * 7 + 2 * 4) / 6 = 6.
    // MADs: |1, 4, 9 - 4| -> 3; then 3/4 * 3 + 1/4 * 9 = 4.5; then 2/3 * 4.5 + 1/3 * min(2, 30) = 3.666...
    const { odd } = statistics.result();
    expect(odd.median[0]).toBeCloseTo(6, 12);
    expect(odd.mad[0]).toBeCloseTo(11 / 3, 12);
  });

  it('or takes the lower median of the medians of batches', () => {
    const statistics = new BatchedGramStatistics(1, false);
    for (const batch of batches) statistics.update(batch);
    const { odd } = statistics.result();
    expect(odd.median[0]).toBe(4);
    expect(odd.mad[0]).toBe(0); // of 3, 0 and 0
  });
});

describe('beatrix', () => {
  const trusted = {
    layers: { a: [...normalRows(60, 4, 'first', { mean: [5, 0, 0, 0] }), ...normalRows(60, 4, 'second', { mean: [0, 5, 0, 0] })] }, // prettier-ignore
    predicted: Array.from({ length: 120 }, (_, i) => (i < 60 ? 0 : 1)),
  };

  it('gives 0 within the bounds and the relative distance beyond them', async () => {
    const one = { layers: { a: [[1], [2], [3]] } };
    const state = await fit(beatrix, { trusted: one }, { per_class: false, mad_scale: 1 });
    // Squares 1, 4, 9: median 4, MAD 3, bounds 1 and 7; odd and even orders are alike. Divisors have a share of 4 + 3 added.
    const [inside, above, below] = await scoresOf(beatrix, state, { layers: { a: [[2], [4], [0.5]] } });
    expect(inside).toBe(0);
    expect(above).toBeCloseTo(9 / (7 + 7 * 2 ** -14), 12);
    expect(below).toBeCloseTo(0.75 / (1 + 7 * 2 ** -14), 12);
  });

  it('judges by the statistics of the predicted class', async () => {
    const state = await fit(beatrix, { trusted }, { mad_scale: 3 });
    const rows = { layers: { a: [[5, 0, 0.5, 0.5], [5, 0, 0.5, 0.5]] }, predicted: [0, 1] }; // prettier-ignore
    const [asFirst, asSecond] = await scoresOf(beatrix, state, rows);
    expect(asSecond).toBeGreaterThan(5 * asFirst!);
    const all = await fit(beatrix, { trusted }, { mad_scale: 3, per_class: false });
    const [same, alike] = await scoresOf(beatrix, all, rows);
    expect(same).toBe(alike);
  });

  it('judges a class it hardly saw by all samples', async () => {
    const state = await fit(beatrix, { trusted }, { mad_scale: 1 });
    const all = await fit(beatrix, { trusted }, { mad_scale: 1, per_class: false });
    const rows = { layers: { a: [[9, 9, 9, 9]] }, predicted: [2] };
    expect(await scoresOf(beatrix, state, rows)).toEqual(await scoresOf(beatrix, all, rows));
  });

  it('takes medians of a sample, whose rank is off by about 0.5 / sqrt(size)', async () => {
    const many = { layers: { a: normalRows(4000, 2, 'many') } };
    const exact = await fit(beatrix, { trusted: many }, { per_class: false });
    const sampled = await fit(beatrix, { trusted: many }, { per_class: false, max_samples: 400 });
    const products = many.layers.a.map(([x, y]) => x! * y!);
    const rank = (value: number) => products.filter((other) => other < value).length / products.length;
    const median = (state: typeof exact) => rank(state.tensors['a/odd_median']!.data[1]!);
    expect(median(exact)).toBe(0.5);
    expect(Math.abs(median(sampled) - 0.5)).toBeLessThan(4 * (0.5 / Math.sqrt(400)));
  });

  it('counts odd and even orders by their number', async () => {
    const one = { layers: { a: [[1, 1], [2, 1], [3, 2], [1, 3]] } }; // prettier-ignore
    const rows = { layers: { a: [[-5, 4]] } };
    const of = async (power_list: number[]) =>
      (await scoresOf(beatrix, await fit(beatrix, { trusted: one }, { power_list, mad_scale: 1, per_class: false }), rows))[0]!; // prettier-ignore
    const [odd, even] = [await of([1]), await of([2])];
    expect(odd).not.toBeCloseTo(even, 3);
    expect(await of([1, 3])).toBe(odd);
    expect(await of([1, 2, 3])).toBeCloseTo((2 * odd + even) / 3, 12);
  });

  it('stands constant activations and refuses what it cannot do', async () => {
    const constant = { layers: { a: Array.from({ length: 4 }, () => [0, 0]) } };
    expect(await scoresOf(beatrix, await fit(beatrix, { trusted: constant }), { layers: { a: [[0, 0]] } })).toEqual([
      0,
    ]);
    const architecture = { name: 'mlp', hidden_dims: [2049] };
    const network = new NetworkOutline({ architecture, inputShape: [4], classes: ['0', '1'] });
    expect(pairingMisfits(draftDetector({ name: 'beatrix' }), { source: network })).toEqual([
      expect.objectContaining({
        path: ['layers'],
        message:
          'The detector "beatrix" compares all pairs of up to 2048 neurons, and layers.linear_0.output has 2049.',
      }),
    ]);
    await expect(fit(beatrix, { trusted: { layers: { a: [[1]] } } })).rejects.toMatchObject({ code: 'bad-data' });
  });
});
