import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usualJsonBounds } from '../../shared/bounded-json.ts';
import { isDeeperThan } from '../../shared/json-depth.ts';

/** `levels` arrays and objects inside one another, in turn. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let k = 0; k < levels; k++) value = k % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('isDeeperThan', () => {
  it('counts arrays and objects alike, and nothing else', () => {
    expect(isDeeperThan(1, 0)).toBe(false);
    expect(isDeeperThan(null, 0)).toBe(false);
    expect(isDeeperThan('[[[', 0)).toBe(false);
    expect(isDeeperThan([], 0)).toBe(true);
    expect(isDeeperThan([], 1)).toBe(false);
    expect(isDeeperThan(new Float32Array(4), 0)).toBe(false);
    expect(isDeeperThan(nested(usualJsonBounds.mostDepth))).toBe(false);
    expect(isDeeperThan(nested(usualJsonBounds.mostDepth + 1))).toBe(true);
  });

  it('does not overflow the stack where recursion would', () => {
    const levels = 1_000_000;
    const value = JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
    expect(() => JSON.stringify(value)).toThrow(RangeError);
    expect(isDeeperThan(value)).toBe(true);
    expect(isDeeperThan(value, levels)).toBe(false);
  });

  it('agrees with a recursive count', () => {
    const levelsOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, most) => {
        expect(isDeeperThan(value, most)).toBe(levelsOf(value) > most);
      }),
    );
  });
});
