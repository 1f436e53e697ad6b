import { describe, expect, it } from 'vitest';
import { differenceStep } from '../../renderer/screens/compare/difference-heat.ts';
import { sortedRows } from '../../renderer/screens/compare/row-sort.ts';
import { isBounded, isWithin, wholePlane } from '../../renderer/screens/compare/score-window.ts';
import type { ShownRow } from '../../renderer/screens/compare/comparison.svelte.ts';
import type { ComparedRow } from '../../shared/domain/comparison.ts';

function shown(name: string, auroc: number | null, group = 0, seen: ComparedRow['seen'] = 'trusted'): ShownRow {
  const figure = (value: number) => ({ value, lower: value, upper: value, one_sided: false, deviation: null, values: [value] }); // prettier-ignore
  const figures = auroc === null ? null : { auroc: figure(auroc), ap: figure(auroc), tpr: null, roc: { fpr: [], tpr: [] }, clean: 9, anomalous: 9 }; // prettier-ignore
  const row = { runs: [0], seeds: [0], group, detector: name, seen, figures, reason: null, picked: null, doubts: [] };
  return { place: 0, key: name, name, short: name, row, runs: [], took: null };
}

describe('rows of a comparison', () => {
  const rows = [shown('ted', 0.7), shown('far', 0.99, 1), shown('none', null), shown('que', 0.8, 0, 'untrusted')];
  const order = (key: 'auroc' | 'name' | 'seen', descending: boolean) =>
    sortedRows(rows, { key, descending }).map(({ name }) => name);

  it('are sorted within their test data, those without a figure last', () => {
    expect(order('auroc', true)).toEqual(['que', 'ted', 'none', 'far']);
    expect(order('auroc', false)).toEqual(['ted', 'que', 'none', 'far']);
    expect(order('name', false)).toEqual(['none', 'que', 'ted', 'far']);
    expect(order('seen', true)).toEqual(['que', 'ted', 'none', 'far']);
  });

  it('have differences on steps of heat, to either side alike', () => {
    expect([0.01, -0.06, 0.15, 0.25, -0.9].map(differenceStep)).toEqual([1, 2, 3, 4, 6]);
  });
});

describe('a rectangle of scores', () => {
  it('holds its bounds, and everything where it has none', () => {
    const half = { x: [1, Infinity], y: [-Infinity, 2] } as const;
    expect([isWithin(half, 1, 2), isWithin(half, 0.9, 2), isWithin(half, 1, 2.1)]).toEqual([true, false, false]);
    expect([isBounded(half), isBounded(wholePlane), isWithin(wholePlane, -1e9, 1e9)]).toEqual([true, false, true]);
  });
});
