import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poolRows } from '../../main/models/pool-rows.ts';

const rows = { values: Float32Array.of(1, 10, 3, 30, 2, 20, 7, 70), width: 2, counts: Int32Array.of(3, 1) };
const where = (sample: number) => `sample ${sample}`;

describe('poolRows', () => {
  it.each([
    ['last', { tokens: 'last' }, [2, 20, 7, 70]],
    ['nothing said', {}, [2, 20, 7, 70]],
    ['mean', { tokens: 'mean' }, [2, 20, 7, 70]],
    ['max', { tokens: 'max' }, [3, 30, 7, 70]],
    ['the first', { tokens: 'mean', token_position: 0 }, [1, 10, 7, 70]],
    ['each', { tokens: 'each' }, [1, 10, 3, 30, 2, 20, 7, 70]],
  ] as const)('makes one vector of each sample: %s', (_, options, expected) => {
    expect([...poolRows(rows, { pooling: 'mean', ...options }, where)]).toEqual(expected);
  });

  it('refuses a token that a sample does not have, and a sample without tokens', () => {
    const second = { pooling: 'mean', token_position: 1 } as const;
    expect(() => poolRows(rows, second, where)).toThrow(
      'sample 1: expected a token 1, counted from 0, found 1 in all.',
    );
    const empty = { ...rows, counts: Int32Array.of(4, 0) };
    expect(() => poolRows(empty, { pooling: 'mean', tokens: 'mean' }, where)).toThrow(
      'sample 1: expected at least one token',
    );
  });

  it('hides no value that is not finite', () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.constantFrom(NaN, Infinity),
        fc.constantFrom('mean' as const, 'max' as const),
        (at, value, tokens) => {
          const values = Float32Array.of(1, 2, 3, 4);
          values[at] = value;
          const [pooled] = poolRows({ values, width: 1, counts: Int32Array.of(4) }, { pooling: 'mean', tokens }, where);
          expect(Number.isFinite(pooled)).toBe(false);
        },
      ),
    );
  });

  it('adds up means in float64', () => {
    const values = new Float32Array(2 ** 20).fill(0.1);
    const [mean] = poolRows(
      { values, width: 1, counts: Int32Array.of(values.length) },
      { pooling: 'mean', tokens: 'mean' },
      where,
    );
    expect(mean).toBe(Math.fround(0.1));
  });
});
