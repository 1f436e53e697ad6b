import { flag, number } from '../../../shared/schema/fields.ts';
import { pseudoInverse } from '../../tensor/linalg/pseudo-inverse.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { momentsByLayer, ofLayer } from '../parts/by-layer.ts';

/**
 * Squared Mahalanobis distance to the trusted activations, divided by their dimension:
 * `(x - m)^T C^+ (x - m) / d` with the mean m and covariance C (divisor n - 1) of the trusted data.
 *
 * With `relative`, the distance under the diagonal of C is subtracted, as the seed library does (Ren et al. subtract a
 * class-free distance instead). Shrinkage pulls C towards `trace(C)/d` times the identity; the seed library's target is
 * the whole trace, its diagonal term ignores shrinkage, and its cut-off of variances is absolute: `compat` brings these back.
 */
export const mahalanobis = defineLayerDetector({
  id: 'mahalanobis',
  title: 'Mahalanobis distance',
  summary: 'Distance from the trusted activations under their covariance',
  source: 'Lee et al., NeurIPS 2018, arXiv 1807.03888; relative: Ren et al. 2021, arXiv 2106.09022',
  needs: { trusted: true },
  params: {
    rcond: number({
      label: 'Cut-off',
      help: 'Eigenvalues of the covariance below this share of the largest count as zero',
      default: 1e-5,
      min: 0,
      max: 1,
    }),
    relative: flag({
      label: 'Relative',
      help: 'Subtract the distance under the diagonal of the covariance',
      default: false,
    }),
    shrinkage: number({
      label: 'Shrinkage',
      help: 'Weight of a multiple of the identity mixed into the covariance',
      default: 0,
      min: 0,
      max: 1,
    }),
    compat: flag({
      label: 'Match the Python library',
      help: 'Shrink towards the whole trace instead of trace/d, leave the diagonal term unshrunk, and cut variances off at the cut-off itself, as the Python code of cupbearer does',
      default: false,
    }),
  },

  arrays: { mean: 'float64', inverse: 'float64', inverse_diagonal: 'float64' },
  values: { relative: 'number' },

  gather: ({ layers, trusted }, { rcond, compat }) => momentsByLayer(trusted, layers, 2, compat ? 0 : rcond),

  keep: ({ relative }) => ({ relative: relative ? 1 : 0 }),

  fitLayer(moments, { name, dims: d }, { shrinkage, rcond, compat }) {
    const own = ofLayer(moments, name);
    const covariance = own.covariance();
    const shrunk = shrink(covariance, d, shrinkage, compat);
    const { inverse } = pseudoInverse(shrunk, d, rcond);
    const diagonal = diagonalOf(compat ? covariance : shrunk, d);
    return {
      mean: vector(own.mean),
      inverse: matrix(inverse, d),
      inverse_diagonal: vector(inverseOf(diagonal, rcond, compat)),
    };
  },

  scoreLayer({ mean, inverse, inverse_diagonal: inverseDiagonal }, { x, dims, values }) {
    const distances = quadraticForms(x, mean, inverse);
    if (values.relative === 1) subtractDiagonalDistance(distances, x, mean, inverseDiagonal);
    return distances.map((distance) => distance / dims);
  },
});

/** `(1 - s) C + s t I` with t = trace(C)/d, or the whole trace for `compat`; `[d, d]`. */
function shrink(covariance: Float64Array, d: number, shrinkage: number, compat: boolean): Float64Array {
  const trace = diagonalOf(covariance, d).reduce((sum, variance) => sum + variance, 0);
  const target = compat ? trace : trace / d;
  const shrunk = covariance.map((value) => (1 - shrinkage) * value);
  for (let i = 0; i < d; i++) shrunk[i * d + i]! += shrinkage * target;
  return shrunk;
}

/** Of variances `[d]`, zero for those below the cut-off: a share of the largest, or for `compat` an absolute one. */
function inverseOf(variances: Float64Array, rcond: number, compat: boolean): Float64Array {
  const least = compat ? rcond : rcond * Math.max(...variances);
  return variances.map((variance) => (variance > least ? 1 / variance : 0));
}

function diagonalOf(matrix: Float64Array, d: number): Float64Array {
  return Float64Array.from({ length: d }, (_, i) => matrix[i * d + i]!);
}

function subtractDiagonalDistance(
  distances: Float64Array,
  x: Float32Array,
  mean: Float64Array,
  inverse: Float64Array,
): void {
  const d = mean.length;
  for (let row = 0; row < distances.length; row++) {
    let sum = 0;
    for (let j = 0; j < d; j++) {
      const centred = x[row * d + j]! - mean[j]!;
      sum += centred * centred * inverse[j]!;
    }
    distances[row]! -= sum;
  }
}
