import { describe, expect, it } from 'vitest';
import { nestedSelection } from '../../../main/evaluation/across/nested-selection.ts';

const unit = (figures: Record<string, number>) => new Map(Object.entries(figures));

describe('selecting a layer on other seeds or tasks', () => {
  it('never looks at the unit that it is reported on', () => {
    // On unit 0 the first layer would be picked by its own figure; the others say the second.
    const units = [unit({ a: 1, b: 0.6 }), unit({ a: 0.5, b: 0.8 }), unit({ a: 0.55, b: 0.7 })];
    expect(nestedSelection(units)?.map(({ layer }) => layer)).toEqual(['b', 'a', 'a']);
  });

  it('takes part only with layers that all units have, the first of equal ones', () => {
    const units = [unit({ b: 0.7, a: 0.7 }), unit({ a: 0.7, b: 0.7, c: 1 })];
    expect(nestedSelection(units)?.map(({ layer }) => layer)).toEqual(['b', 'b']);
  });

  it('needs two units and a layer', () => {
    expect(nestedSelection([unit({ a: 1 })])).toBeNull();
    expect(nestedSelection([unit({ a: 1 }), unit({ b: 1 })])).toBeNull();
    expect(nestedSelection([])).toBeNull();
  });
});
