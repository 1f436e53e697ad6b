import { describe, expect, it } from 'vitest';
import { neighbourRanks, unitLayer } from '../../main/detectors/parts/neighbour-ranks.ts';
import { ted } from '../../main/detectors/methods/ted.ts';
import { context, fit, normalRows, scoresOf } from './in-memory.ts';

const layer = (rows: readonly (readonly number[])[]) => unitLayer(Float32Array.from(rows.flat()), rows[0]!.length);

/** The same by sorting everything, as the definition says. */
function ranksBySorting(queries: number[][][], reference: number[][][], k: number, leaveOut: boolean): number[][] {
  const cosine = (a: readonly number[], b: readonly number[]) => {
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    const norms = Math.sqrt(dot(a, a) * dot(b, b));
    return norms === 0 ? 0 : dot(a, b) / norms;
  };
  const ordered = (l: number, query: number) =>
    reference[l]!.map((row, i) => ({ i, c: cosine(queries[l]![query]!, row) }))
      .filter(({ i }) => !leaveOut || i !== query)
      .sort((a, b) => b.c - a.c || a.i - b.i)
      .map(({ i }) => i);
  return reference.map((_, l) =>
    queries[0]!.flatMap((_row, query) =>
      ordered(l, query)
        .slice(0, k)
        .flatMap((neighbour) =>
          reference.flatMap((_r, other) => (other === l ? [] : [ordered(other, query).indexOf(neighbour)])),
        ),
    ),
  );
}

describe('neighbourRanks', () => {
  const reference = [normalRows(40, 5, 'a'), normalRows(40, 3, 'b'), normalRows(40, 2, 'c')];

  it.each([1, 4, 38])('agrees with sorting: %i neighbours', (k) => {
    // More queries than a block holds.
    const queries = [normalRows(150, 5, 'qa'), normalRows(150, 3, 'qb'), normalRows(150, 2, 'qc')];
    const found = neighbourRanks(queries.map(layer), reference.map(layer), k);
    expect(found.map((ranks) => [...ranks])).toEqual(ranksBySorting(queries, reference, k, false));
  });

  it('leaves a row out of its own neighbours', () => {
    const units = reference.map(layer);
    const found = neighbourRanks(units, units, 5, { leaveOut: true });
    expect(found.map((ranks) => [...ranks])).toEqual(ranksBySorting(reference, reference, 5, true));
  });

  it('orders equal cosines by place, with duplicates and rows of zeros', () => {
    const rows = [[1, 0], [1, 0], [0, 0], [0, 1], [2, 0], [0, 0]]; // prettier-ignore
    const both = [rows, [...rows].reverse()];
    const found = neighbourRanks(both.map(layer), both.map(layer), 3);
    expect(found.map((ranks) => [...ranks])).toEqual(ranksBySorting(both, both, 3, false));
  });

  it('can be cancelled', () => {
    const units = reference.map(layer);
    expect(() => neighbourRanks(units, units, 2, { signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'cancelled' }),
    );
  });
});

describe('ted', () => {
  /** The second layer is the first turned, so that neighbours stay. */
  const turned = (rows: number[][]) => rows.map(([x, y, z]) => [y!, -x!, z!]);
  const clean = normalRows(80, 3, 'clean');
  const noisy = (rows: number[][], name: string) =>
    rows.map((row, i) => row.map((value, j) => value + 0.3 * normalRows(rows.length, 3, name)[i]![j]!));
  const trusted = { layers: { a: clean, b: turned(noisy(clean, 'noise')) } };

  it('scores inputs higher whose neighbours change', async () => {
    const state = await fit(ted, { trusted }, { n_neighbors: 3 });
    const fresh = normalRows(40, 3, 'fresh');
    const stays = await scoresOf(ted, state, { layers: { a: fresh, b: turned(fresh) } });
    const leaves = await scoresOf(ted, state, { layers: { a: fresh, b: turned(fresh).map((row) => row.map((v) => -v)) } }); // prettier-ignore
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(leaves)).toBeGreaterThan(5 * mean(stays));
  });

  it('ranks trusted samples as it ranks new ones', async () => {
    const state = await fit(ted, { trusted }, { n_neighbors: 3 });
    const compat = await fit(ted, { trusted }, { n_neighbors: 3, compat: true });
    const [mean, shifted] = [state.tensors['a/mean']!.data[0]!, compat.tensors['a/mean']!.data[0]!];
    expect(shifted - mean).toBeCloseTo(1, 12);
  });

  it('is the squared standard score where there are two layers', async () => {
    const state = await fit(ted, { trusted }, { n_neighbors: 1 });
    const row = [0.3, -1.2, 0.4];
    const query = { layers: { a: [row], b: turned([row]) } };
    const [rank] = neighbourRanks(
      [layer([row]), layer(query.layers.b)],
      [layer(clean), layer(trusted.layers.b)],
      1,
    )[0]!;
    const [mean, scale] = ['mean', 'scale'].map((name) => state.tensors[`a/${name}`]!.data[0]!);
    const [score] = await scoresOf(ted, state, query);
    // The variance of standardised ranks is n / (n - 1).
    expect(score).toBeCloseTo(((rank! - mean!) / scale!) ** 2 / (80 / 79), 9);
  });

  it('gives 0 where no rank ever changes', async () => {
    const line = Array.from({ length: 10 }, (_, i) => [Math.cos(i / 10), Math.sin(i / 10)]);
    const same = { layers: { a: line, b: line } };
    const constant = { layers: { a: line.map(() => [1, 1]), b: line.map(() => [1, 1]) } };
    for (const rows of [same, constant]) {
      const scores = await scoresOf(ted, await fit(ted, { trusted: rows }, { n_neighbors: 1 }), rows);
      expect(scores.every((score) => Number.isFinite(score) && score >= 0)).toBe(true);
    }
  });

  it('takes the largest over neighbours where asked, and a part of the data as reference', async () => {
    const rows = { layers: { a: normalRows(9, 3, 'x'), b: normalRows(9, 3, 'y') } };
    const [mean, max] = await Promise.all(
      ['mean', 'max'].map(async (score_aggregation) =>
        scoresOf(ted, await fit(ted, { trusted }, { n_neighbors: 4, score_aggregation }), rows),
      ),
    );
    expect(mean!.every((value, i) => value < max![i]!)).toBe(true);
    const part = await fit(ted, { trusted }, { n_neighbors: 4, max_reference: 30 });
    expect(part.tensors['a/reference']!.shape).toEqual([30, 3]);
  });

  it('refuses fewer samples than neighbours', async () => {
    await expect(fit(ted, { trusted }, { n_neighbors: 79 })).rejects.toMatchObject({ code: 'bad-data' });
    expect(ted.needs.layers).toBe(2);
    expect(context.signal).toBeUndefined();
  });
});
