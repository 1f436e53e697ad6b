import { number, optionalInteger } from '../../../shared/schema/fields.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { momentsByLayer, ofLayer } from '../parts/by-layer.ts';

/** Share of the total variance below which what is left over is rounding, not residual. */
const NEGLIGIBLE = 1e-12;

/**
 * Squared distance to the subspace of the trusted activations' leading principal components (the Q statistic of Jackson
 * and Mudholkar, equation 2.2), divided by its mean over the trusted samples, so that layers can be combined: about 1
 * for trusted inputs.
 *
 * If the components hold all variance there is, the divisor is the total variance over the dimension; where the
 * trusted activations are constant, 1.
 */
export const pcaResidual = defineLayerDetector({
  id: 'pca-residual',
  title: 'PCA residual',
  summary: 'Distance from the subspace that trusted activations mostly lie in',
  source: 'Jackson & Mudholkar, Technometrics 1979, doi 10.1080/00401706.1979.10489779',
  needs: { trusted: true },
  params: {
    explained: number({
      label: 'Explained variance',
      help: 'The subspace has the fewest components that hold this share of the variance',
      default: 0.95,
      min: 0,
      max: 1,
    }),
    components: optionalInteger({
      label: 'Components',
      help: 'Dimension of the subspace; by the share of the variance unless given',
      min: 0,
      max: 1_000_000,
    }),
  },

  arrays: { mean: 'float64', form: 'float64' },

  gather: ({ layers, trusted }) => momentsByLayer(trusted, layers, 2),

  fitLayer(moments, { name, dims: d }, { components, explained }) {
    const own = ofLayer(moments, name);
    const { values, vectors } = symmetricEigenRows(own.covariance(), d);
    const kept = components ?? leadingComponents(values, explained);
    const discarded = values.map((value, i) => (i < d - kept ? Math.max(value, 0) : 0));
    const total = sum(values);
    const residual = sum(discarded);
    const divisor = residual > NEGLIGIBLE * total ? residual : total > 0 ? total / d : 1;
    const weights = values.map((_, i) => (i < d - kept ? 1 / divisor : 0));
    return { mean: vector(own.mean), form: matrix(weightedGram(vectors, d, weights), d) };
  },

  scoreLayer: ({ mean, form }, { x }) => quadraticForms(x, mean, form),
});

/** Fewest of the largest eigenvalues (given in ascending order) that make up `share` of their sum. */
function leadingComponents(values: Float64Array, share: number): number {
  const wanted = share * sum(values);
  let held = 0;
  let kept = 0;
  while (kept < values.length && held < wanted) held += Math.max(values[values.length - 1 - kept++]!, 0);
  return kept;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
