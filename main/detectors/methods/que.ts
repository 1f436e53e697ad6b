import { flag, number } from '../../../shared/schema/fields.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { symmetricEigen, symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { symmetricFunction } from '../../tensor/linalg/symmetric-function.ts';
import { matMulTransposed } from '../../tensor/linalg/mat-mul.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { momentsByLayer, ofLayer } from '../parts/by-layer.ts';

/**
 * Quantum entropy score (Hayase et al., equation 2 and algorithm 2; Dong, Hopkins and Li 2019): activations are
 * whitened by the trusted mean and covariance, S is the covariance of the whitened untrusted activations, and the score
 * is `w^T Q w / tr(Q)` with `Q = exp(alpha (S - I) / (||S|| - 1))`, the matrix exponential and the spectral norm. It
 * weighs each direction by how much more the untrusted data vary along it than the trusted ones: alpha 0 is the
 * (whitened) Euclidean distance, alpha infinite the distance along the one direction of largest variance.
 *
 * The paper estimates mean and covariance robustly from the mixed data alone; here they come from trusted data.
 * Directions whose trusted variance is below `rcond` times the largest are left out. Where the untrusted data vary no
 * more than the trusted ones in any direction, the formula has no meaning and Q is the identity.
 */
export const que = defineLayerDetector({
  id: 'que',
  title: 'Quantum entropy',
  summary: 'Distance in the directions in which untrusted activations vary more than trusted ones',
  source: 'SPECTRE: Hayase, Kong, Somani, Oh, ICML 2021, arXiv 2104.11315',
  needs: { trusted: true, untrusted: true },
  params: {
    alpha: number({
      label: 'Alpha',
      help: 'How strongly directions of large untrusted variance are preferred',
      default: 4,
      min: 0,
      max: 100,
    }),
    rcond: number({
      label: 'Cut-off',
      help: 'Directions whose trusted variance is below this share of the largest are left out',
      default: 1e-5,
      min: 0,
      max: 1,
    }),
    compat: flag({
      label: 'Match the Python library',
      help: 'Leaves the untrusted covariance unwhitened and does not divide by the trace; scores then depend on the arbitrary signs of eigenvectors',
      default: false,
    }),
  },

  arrays: { mean: 'float64', form: 'float64' },

  gather: async ({ layers, trusted, untrusted }, { rcond, compat }) => ({
    known: await momentsByLayer(trusted, layers, 2, compat ? 0 : rcond),
    mixed: await momentsByLayer(untrusted, layers, 2, compat ? 0 : rcond),
  }),

  fitLayer({ known, mixed }, { name, dims: d }, params) {
    const trusted = ofLayer(known, name);
    const covariance = trusted.covariance();
    const untrustedCovariance = ofLayer(mixed, name).covariance();
    const form = params.compat
      ? seedLibraryForm(pcaWhitening(covariance, d, params.rcond), untrustedCovariance, d, params.alpha)
      : quantumEntropyForm(covariance, untrustedCovariance, d, params);
    return { mean: vector(trusted.mean), form: matrix(form, d) };
  },

  scoreLayer: ({ mean, form }, { x }) => quadraticForms(x, mean, form),
});

/** How far above 1 the norm of the whitened covariance must be, so that rounding is not taken for structure. */
const LEAST_EXCESS = 1e-9;

/**
 * `W Q W^T / tr(Q)` `[d, d]`, so that the score is `(x - m)^T form (x - m)`; W maps to the whitened directions kept.
 */
export function quantumEntropyForm(
  trusted: Float64Array,
  untrusted: Float64Array,
  d: number,
  { alpha, rcond }: { alpha: number; rcond: number },
): Float64Array {
  const whitening = whiteningRows(trusted, d, rcond);
  const r = whitening.length / d;
  // Trusted activations that are all alike leave no direction to look along.
  if (r === 0) return new Float64Array(d * d);
  const s = congruence(whitening, untrusted, d);
  const { values } = symmetricEigenRows(s, r);
  const excess = values.at(-1) - 1;
  const weight = (l: number) => (excess > LEAST_EXCESS ? Math.exp((alpha * (l - 1)) / excess) : 1);
  const trace = values.reduce((sum, l) => sum + weight(l), 0);
  const q = symmetricFunction(s, r, (l) => weight(l) / trace);
  return congruence(transposed(whitening, r, d), q, r);
}

/**
 * What the seed library computes: `W exp(alpha C / ||C||) W^T` with the untrusted covariance C as it is, although W
 * `[d, d]` (whitening vectors in columns) leads into another basis. The result depends on the signs of W's columns.
 */
export function seedLibraryForm(
  whitening: Float64Array,
  untrusted: Float64Array,
  d: number,
  alpha: number,
): Float64Array {
  const largest = symmetricEigenRows(untrusted, d).values.at(-1) ?? 0;
  // Constant activations have no covariance: exp(0) is the identity.
  const scale = largest > 0 ? alpha / largest : 0;
  const q = symmetricFunction(untrusted, d, (l) => Math.exp(scale * l));
  return congruence(whitening, q, d);
}

/** Eigenvectors of the covariance over the root of their eigenvalues, those above the cut-off, in rows `[r, d]`. */
export function whiteningRows(covariance: Float64Array, d: number, rcond: number): Float64Array {
  const { values, vectors } = symmetricEigenRows(covariance, d);
  const cutOff = rcond * (values.at(-1) ?? 0);
  const dropped = values.findIndex((l) => l > 0 && l > cutOff);
  if (dropped === -1) return new Float64Array(0);
  return vectors.slice(dropped * d).map((value, at) => value / Math.sqrt(values[dropped + Math.floor(at / d)]!));
}

/**
 * PCA whitening as the seed library has it: eigenvector j over the root of its eigenvalue in column j, or 0 if cut off.
 */
export function pcaWhitening(covariance: Float64Array, d: number, rcond: number): Float64Array {
  const { values, vectors } = symmetricEigen(covariance, d);
  const cutOff = rcond * (values.at(-1) ?? 0);
  return vectors.map((value, at) => {
    const l = values[at % d]!;
    return l > 0 && l > cutOff ? value / Math.sqrt(l) : 0;
  });
}

/** `A Q A^T` for A `[n, r]` and a symmetric Q `[r, r]`: `[n, n]`. */
export function congruence(a: Float64Array, q: Float64Array, r: number): Float64Array {
  return matMulTransposed(matMulTransposed(a, q, r), a, r);
}

/** The transpose of `[n, m]`. */
function transposed(a: Float64Array, n: number, m: number): Float64Array {
  return Float64Array.from(a, (_, at) => a[(at % n) * m + Math.floor(at / n)]!);
}
