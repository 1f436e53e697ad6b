import { choice, flag, number } from '../../../shared/schema/fields.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { classMomentsByLayer, ofLayer } from '../parts/by-layer.ts';
import { inverseCovariance } from '../parts/class-moments.ts';
import { predictedClasses } from '../parts/predictions.ts';
import { positionsByGroup, takeRows } from '../parts/rows.ts';

/**
 * Squared Mahalanobis distance to the mean of a class, under the covariance within classes that all classes share
 * (Lee et al., equations 1 and 2, divisor: all rows), divided by the dimension so that layers can be combined. Rows
 * belong to the class that the network predicts, so no labels are needed; Lee et al. take the labels.
 *
 * By default the distance is to the class predicted for the input, which asks whether it was computed like others of
 * that prediction; `nearest` is Lee et al.'s minimum over classes. With `relative`, the distance to the mean of all
 * under the covariance of all is subtracted (Ren et al., equation 2).
 *
 * A prediction never made for trusted data is measured from the mean of all. Directions in which nothing varies within
 * the classes do not count.
 */
export const classMahalanobis = defineLayerDetector({
  id: 'class-mahalanobis',
  title: 'Mahalanobis distance by class',
  summary: 'Distance from trusted activations of the same predicted class under a shared covariance',
  source: 'Lee et al., NeurIPS 2018, arXiv 1807.03888; relative: Ren et al. 2021, arXiv 2106.09022',
  needs: { trusted: true, logits: true },
  params: {
    distance_to: choice({
      label: 'Distance to',
      help: 'The mean of the class predicted for the input, or of the class nearest to it as in the paper',
      options: ['predicted', 'nearest'],
      default: 'predicted',
    }),
    relative: flag({
      label: 'Relative',
      help: 'Subtract the distance to all trusted data regardless of class',
      default: false,
    }),
    rcond: number({
      label: 'Cut-off',
      help: 'Eigenvalues of a covariance below this share of its largest count as zero',
      default: 1e-5,
      min: 0,
      max: 1,
    }),
  },

  arrays: {
    means: 'float64',
    counts: 'int32',
    inverse: 'float64',
    mean_of_all: 'float64',
    inverse_of_all: 'float64?',
  },
  values: { distance_to: 'string', relative: 'number' },

  gather: ({ layers, trusted }) => classMomentsByLayer(trusted, layers, 2),

  keep: ({ distance_to, relative }) => ({ distance_to, relative: relative ? 1 : 0 }),

  fitLayer({ moments, classes }, { name, dims: d }, { rcond, relative }) {
    const own = ofLayer(moments, name);
    const { all } = own;
    const means = new Float64Array(classes * d);
    for (let k = 0; k < classes; k++) means.set(own.mean(k), k * d);
    const within = inverseCovariance(own.within(), d, { rcond, resolution: own.resolution });
    return {
      means: matrix(means, d),
      counts: vector(Int32Array.from({ length: classes }, (_, k) => own.counts[k] ?? 0)),
      inverse: matrix(within, d),
      mean_of_all: vector(all.mean),
      inverse_of_all: relative ? matrix(inverseCovariance(all.covariance(), d, { rcond }), d) : undefined,
    };
  },

  scoreLayer(arrays, { x, dims: d, batch, values }) {
    const distances =
      values.distance_to === 'nearest'
        ? toNearestClass(arrays, x, d)
        : toClasses(arrays, x, d, predictedClasses(batch));
    const toAll =
      arrays.inverse_of_all && values.relative === 1
        ? quadraticForms(x, arrays.mean_of_all, arrays.inverse_of_all)
        : new Float64Array(distances.length);
    return distances.map((distance, i) => (distance - toAll[i]!) / d);
  },
});

/** Means of the classes `[k, d]`, how often each was seen `[k]`, and the inverse covariance within them `[d, d]`. */
interface ClassArrays {
  means: Float64Array;
  counts: Int32Array;
  inverse: Float64Array;
}

/** Returns the distance of each row to the mean of its given class. */
function toClasses({ means, inverse }: ClassArrays, x: Float32Array, d: number, classOf: Int32Array): Float64Array {
  const distances = new Float64Array(classOf.length);
  positionsByGroup(classOf, means.length / d).forEach((rows, k) => {
    if (rows.length === 0) return;
    const found = quadraticForms(takeRows(x, d, rows), means.subarray(k * d, (k + 1) * d), inverse);
    rows.forEach((row, i) => (distances[row] = found[i]!));
  });
  return distances;
}

/** The least distance of each row to the mean of a class that was seen. */
function toNearestClass({ means, counts, inverse }: ClassArrays, x: Float32Array, d: number): Float64Array {
  const nearest = new Float64Array(x.length / d).fill(Infinity);
  for (let k = 0; k < counts.length; k++) {
    if (counts[k] === 0) continue;
    const found = quadraticForms(x, means.subarray(k * d, (k + 1) * d), inverse);
    for (let i = 0; i < found.length; i++) nearest[i] = Math.min(nearest[i]!, found[i]!);
  }
  return nearest;
}
