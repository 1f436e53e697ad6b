import { choice, flag, number } from '../../shared/schema/fields.ts';
import { quadraticForms } from '../tensor/linalg/quadratic-forms.ts';
import { ClassMoments, inverseCovariance } from './class-moments.ts';
import { defineDetector, doubles, type DetectorState, type LayerScores } from './detector.ts';
import { predictedClasses } from './predictions.ts';
import { checkCount, positionsByGroup, takeRows } from './rows.ts';

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
export const classMahalanobis = defineDetector({
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

  async fit({ layers, trusted }, params) {
    checkCount(trusted!, 2);
    const moments = new Map(layers.map(({ name, dims }) => [name, new ClassMoments(dims)]));
    let classes = 0;
    for await (const batch of trusted!.batches()) {
      const predicted = predictedClasses(batch);
      classes = batch.logits!.length / batch.size;
      for (const [name, accumulator] of moments) accumulator.update(batch.layers.get(name)!, predicted);
    }
    const state: DetectorState = {
      tensors: {},
      values: { distance_to: params.distance_to, relative: params.relative ? 1 : 0 },
    };
    for (const [name, accumulator] of moments) {
      const d = accumulator.dims;
      const means = new Float64Array(classes * d);
      for (let k = 0; k < classes; k++) means.set(accumulator.mean(k), k * d);
      const counts = Int32Array.from({ length: classes }, (_, k) => accumulator.counts[k] ?? 0);
      const { all } = accumulator;
      state.tensors[`${name}/means`] = { shape: [classes, d], data: means };
      state.tensors[`${name}/counts`] = { shape: [classes], data: counts };
      const inverse = inverseCovariance(accumulator.within(), d, {
        rcond: params.rcond,
        resolution: accumulator.resolution,
      });
      state.tensors[`${name}/inverse`] = { shape: [d, d], data: inverse };
      state.tensors[`${name}/mean_of_all`] = { shape: [d], data: all.mean };
      if (!params.relative) continue;
      const ofAll = inverseCovariance(all.covariance(), d, { rcond: params.rcond });
      state.tensors[`${name}/inverse_of_all`] = { shape: [d, d], data: ofAll };
    }
    return state;
  },

  score(state, batch) {
    const scores: LayerScores = new Map();
    const predicted = predictedClasses(batch);
    for (const [name, x] of batch.layers) {
      const d = x.length / batch.size;
      const distances =
        state.values['distance_to'] === 'nearest'
          ? toNearestClass(state, name, x, d)
          : toClasses(state, name, x, d, predicted);
      const toAll =
        state.values['relative'] === 1
          ? quadraticForms(x, doubles(state, `${name}/mean_of_all`), doubles(state, `${name}/inverse_of_all`))
          : undefined;
      scores.set(
        name,
        distances.map((distance, i) => (distance - (toAll ? toAll[i]! : 0)) / d),
      );
    }
    return scores;
  },
});

/** Distance of each row to the mean of the class it is said to have. */
function toClasses(state: DetectorState, name: string, x: Float32Array, d: number, classOf: Int32Array): Float64Array {
  const means = doubles(state, `${name}/means`);
  const inverse = doubles(state, `${name}/inverse`);
  const distances = new Float64Array(classOf.length);
  positionsByGroup(classOf, means.length / d).forEach((rows, k) => {
    if (rows.length === 0) return;
    const found = quadraticForms(takeRows(x, d, rows), means.subarray(k * d, (k + 1) * d), inverse);
    rows.forEach((row, i) => (distances[row] = found[i]!));
  });
  return distances;
}

/** The least distance of each row to the mean of a class that was seen. */
function toNearestClass(state: DetectorState, name: string, x: Float32Array, d: number): Float64Array {
  const means = doubles(state, `${name}/means`);
  const inverse = doubles(state, `${name}/inverse`);
  const counts = state.tensors[`${name}/counts`]!.data;
  const nearest = new Float64Array(x.length / d).fill(Infinity);
  for (let k = 0; k < counts.length; k++) {
    if (counts[k] === 0) continue;
    const found = quadraticForms(x, means.subarray(k * d, (k + 1) * d), inverse);
    for (let i = 0; i < found.length; i++) nearest[i] = Math.min(nearest[i]!, found[i]!);
  }
  return nearest;
}
