import { matMulTransposed } from '../../../main/tensor/linalg/mat-mul.ts';
import { MomentAccumulator } from '../../../main/tensor/linalg/moments.ts';
import { quadraticForms } from '../../../main/tensor/linalg/quadratic-forms.ts';
import { symmetricEigen } from '../../../main/tensor/linalg/symmetric-eigen.ts';
import { weightedGram } from '../../../main/tensor/linalg/weighted-gram.ts';
import { normal } from '../reference.ts';
import { expectSameBits } from './expect-same-bits.ts';

const doubles = (n: number, name: string) => Float64Array.from(normal(n, name));

/** Mean and covariance of rows that come in several batches. */
function moments(rows: Float32Array | Float64Array, n: number, d: number): Float64Array {
  const accumulator = new MomentAccumulator(d);
  for (let start = 0; start < n; start += 300)
    accumulator.update(rows.subarray(start * d, Math.min(n, start + 300) * d), Math.min(n, start + 300) - start);
  return n < 2 ? accumulator.mean : Float64Array.of(...accumulator.mean, ...accumulator.covariance());
}

function eigenpairs(n: number): Float64Array {
  const a = weightedGram(normal(n * n, 'matrix'), n, new Float64Array(n).fill(1));
  const { values, vectors } = symmetricEigen(a, n);
  return Float64Array.of(...values, ...vectors);
}

// prettier-ignore
const cases: [name: string, compute: () => Float64Array][] = [
  ...[[0, 3], [1, 1], [2, 1], [3, 2], [257, 13], [300, 170], [1000, 253]].flatMap(([n, d]) => [
    [`moments of ${n} rows of ${d}, float32`, () => moments(normal(n! * d!, 'rows'), n!, d!)],
    [`moments of ${n} rows of ${d}, float64`, () => moments(doubles(n! * d!, 'rows'), n!, d!)],
  ] as [string, () => Float64Array][]),
  ...[[0, 5], [7, 3], [700, 180]].map(([n, d]): [string, () => Float64Array] =>
    [`weighted gram matrix of ${n} rows of ${d}`, () => weightedGram(normal(n! * d!, 'rows'), d!, doubles(n!, 'weights'))],
  ),
  ...[[0, 3, 4], [1, 1, 1], [3, 2, 5], [250, 301, 67], [400, 1100, 40]].map(([m, n, k]): [string, () => Float64Array] =>
    [`product of ${m} by ${n} rows of ${k}`, () => matMulTransposed(doubles(m! * k!, 'a'), doubles(n! * k!, 'b'), k!)],
  ),
  ...[[0, 3], [1, 1], [3, 2], [65, 33], [3000, 70]].map(([n, d]): [string, () => Float64Array] =>
    [`quadratic forms of ${n} rows of ${d}`, () => quadraticForms(normal(n! * d!, 'x'), new Float64Array(d!).fill(0.1), doubles(d! * d!, 'form'))],
  ),
  ...[1, 2, 9, 130].map((n): [string, () => Float64Array] => [`eigenpairs of a matrix of ${n}`, () => eigenpairs(n)]),
];

expectSameBits(cases);
