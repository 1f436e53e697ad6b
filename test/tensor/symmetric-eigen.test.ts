import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen, symmetricEigenRows } from '../../main/tensor/linalg/symmetric-eigen.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { expectClose, product } from './reference.ts';

function symmetric(n: number, value: (i: number, j: number) => number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = value(i, j);
  return a;
}

function random(n: number): Float64Array {
  const stream = RandomStream.from(n, 'matrix');
  return symmetric(n, () => stream.normal());
}

/** The reflection I - 2 u u^T for a random unit vector: orthogonal, symmetric and full. */
function reflection(n: number): Float64Array {
  const stream = RandomStream.from(n, 'reflection');
  const u = Array.from({ length: n }, () => stream.normal());
  const norm = Math.hypot(...u);
  return symmetric(n, (i, j) => (i === j ? 1 : 0) - (2 * u[i]! * u[j]!) / norm ** 2);
}

/** Q diag(values) Q for the symmetric orthogonal Q of `reflection`. */
function withSpectrum(values: number[]): Float64Array {
  const n = values.length;
  const q = reflection(n);
  return product([n, n, n], q.map((value, i) => value * values[i % n]!), q); // prettier-ignore
}

/**
 * Checks order, A v = l v and orthonormality, each to `tolerance` times the largest eigenvalue. Looks at `probes`
 * eigenvectors only, for large matrices.
 */
function expectDecomposes(a: Float64Array, n: number, tolerance: number, probes = n): Float64Array {
  const { values, vectors } = symmetricEigen(a, n);
  const scale = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  for (let i = 1; i < n; i++) expect(values[i]! >= values[i - 1]!).toBe(true);
  const columns = Array.from({ length: Math.min(probes, n) }, (_, i) => Math.floor((i * n) / Math.min(probes, n)));
  let residual = 0;
  let overlap = 0;
  for (const j of columns) {
    const v = Float64Array.from({ length: n }, (_, i) => vectors[i * n + j]!);
    product([n, n, 1], a, v).forEach((value, i) => {
      residual = Math.max(residual, Math.abs(value - values[j]! * v[i]!) / scale);
    });
    for (const k of columns) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += v[i]! * vectors[i * n + k]!;
      overlap = Math.max(overlap, Math.abs(sum - (j === k ? 1 : 0)));
    }
  }
  expect(residual).toBeLessThan(tolerance);
  expect(overlap).toBeLessThan(tolerance);
  return values;
}

describe('symmetricEigen', () => {
  it('solves 2 x 2 by hand', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expectClose(values, [1, 3], 1e-15);
    expectClose(vectors.map(Math.abs), new Array<number>(4).fill(Math.SQRT1_2), 1e-15);
    expect(vectors[0]! * vectors[2]!).toBeLessThan(0);
    expect(vectors[1]! * vectors[3]!).toBeGreaterThan(0);
  });

  it('takes matrices of one element, and of none', () => {
    expect(symmetricEigen(Float64Array.of(-4), 1)).toEqual({
      values: Float64Array.of(-4),
      vectors: Float64Array.of(1),
    });
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
  });

  it.each([2, 3, 4, 5, 7, 8, 9, 16, 33, 128])('decomposes random matrices: %i', (n) => {
    expectDecomposes(random(n), n, 1e-13);
  });

  it.each([512, 1024])('decomposes large random matrices: %i', (n) => {
    const a = random(n);
    const values = expectDecomposes(a, n, 1e-12, 24);
    const trace = Array.from({ length: n }, (_, i) => a[i * n + i]!).reduce((sum, value) => sum + value, 0);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 8);
  });

  it.each([1, 2, 3, 128, 512, 1024])('finds the eigenvalues of the second-difference matrix: %i', (n) => {
    const a = symmetric(n, (i, j) => (i === j ? 2 : i - j === 1 ? -1 : 0));
    const expected = Float64Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
    expectClose(symmetricEigen(a, n).values, expected, 1e-13);
  });

  it.each([
    ['singular', Array.from({ length: 40 }, (_, i) => Math.max(0, i - 20))],
    ['repeated', Array.from({ length: 40 }, (_, i) => Math.floor(i / 10) - 1)],
    ['spread over 12 decades', Array.from({ length: 40 }, (_, i) => 10 ** (i * 0.3 - 12))],
    ['of rank one', Array.from({ length: 9 }, (_, i) => (i === 8 ? 5 : 0))],
  ])('finds a given spectrum: %s', (_title, spectrum) => {
    const n = spectrum.length;
    const sorted = [...spectrum].sort((a, b) => a - b);
    expectClose(expectDecomposes(withSpectrum(spectrum), n, 1e-13), sorted, 1e-13);
  });

  it.each([
    ['zero', () => 0, [0, 0, 0, 0, 0]],
    ['identity', (i: number, j: number) => Number(i === j), [1, 1, 1, 1, 1]],
    ['diagonal', (i: number, j: number) => (i === j ? 3 - i : 0), [-1, 0, 1, 2, 3]],
    ['of ones', () => 1, [0, 0, 0, 0, 5]],
  ])('decomposes special matrices: %s', (_title, value, expected) => {
    expectClose(expectDecomposes(symmetric(5, value), 5, 1e-14), expected, 1e-14);
  });

  it.each([1e-300, 1e-160, 1e160, 1e300])('neither overflows nor underflows: elements about %d', (size) => {
    const a = random(12);
    const expected = symmetricEigen(a, 12).values.map((value) => value * size);
    const found = symmetricEigen(a.map((value) => value * size), 12).values; // prettier-ignore
    found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-13 * size * 12));
  });

  it('is not led astray by elements whose squares underflow', () => {
    const a = Float64Array.of(-1e-21, 0, 5e-176, 0, 0, 0, 5e-176, 0, 0);
    expectClose(
      expectDecomposes(a, 3, 1e-14).map((value) => value * 1e21),
      [-1, 0, 0],
      1e-14,
    );
  });

  it('decomposes whatever it is given', () => {
    // Eigenvalues of subnormal size cannot be given to the relative precision asked for.
    const element = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => (Math.abs(x) < 1e-280 ? 0 : x));
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 66 }), (elements) => {
        const n = Math.floor((Math.sqrt(8 * elements.length + 1) - 1) / 2);
        expectDecomposes(symmetric(n, (i, j) => elements[(i * (i + 1)) / 2 + j]!), n, 1e-12); // prettier-ignore
      }),
      { numRuns: 200 },
    );
  });

  it('reads the lower triangle alone, leaves its argument alone and gives the vectors as rows too', () => {
    const a = random(10);
    const lower = a.map((value, at) => (at % 10 > Math.floor(at / 10) ? 99 : value));
    const before = lower.slice();
    const { values, vectors } = symmetricEigen(lower, 10);
    expect(lower).toEqual(before);
    expect(values).toEqual(symmetricEigen(a, 10).values);
    const rows = symmetricEigenRows(a, 10).vectors;
    expect(vectors).toEqual(rows.map((_, at) => rows[(at % 10) * 10 + Math.floor(at / 10)]!));
  });

  it.each([NaN, Infinity])('refuses %d at once', (value) => {
    const a = random(200);
    a[3 * 200 + 2] = value;
    expect(() => symmetricEigen(a, 200)).toThrow(
      expect.objectContaining({ code: 'non-finite', message: expect.stringContaining('row 3, column 2') as string }),
    );
  });

  it('refuses a matrix of another size', () => {
    expect(() => symmetricEigen(new Float64Array(5), 2)).toThrow(/2 x 2 = 4.*5/);
  });
});
