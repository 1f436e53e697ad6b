import { flag } from '../../shared/schema/fields.ts';
import { MomentAccumulator } from '../tensor/linalg/moments.ts';
import { symmetricEigenRows } from '../tensor/linalg/symmetric-eigen.ts';
import { defineDetector, doubles, type DetectorState, type LayerScores } from './detector.ts';
import { predictedClasses } from './predictions.ts';
import { checkCount, positionsByGroup, takeRows } from './rows.ts';

/**
 * Spectral signatures: `((x - m) . v)^2` with the mean m and the top eigenvector v of the covariance of the untrusted
 * activations (Tran et al., section 3). Poisoned samples of a class are spread along v where their mean differs enough
 * from that of the others.
 *
 * As in the paper there is a mean and a direction for each class; a class is what the network predicts, since new inputs
 * have no labels (in poisoned training data both agree for almost all samples). A class with fewer than two untrusted
 * samples is judged by the direction of all samples. The seed library has one direction for all classes together, which
 * mostly tells the classes apart.
 */
export const spectral = defineDetector({
  id: 'spectral',
  title: 'Spectral signatures',
  summary: 'Distance from the mean of the untrusted activations along their main direction, class by class',
  source: 'Tran, Li, Madry, NeurIPS 2018, arXiv 1811.00636',
  needs: { untrusted: true, logits: true },
  params: {
    per_class: flag({
      label: 'By class',
      help: 'A mean and a direction for each predicted class, as in the paper; one for all classes otherwise',
      default: true,
    }),
    compat: flag({
      label: 'As the seed library',
      help: 'One direction for all classes together, whatever else is set',
      default: false,
    }),
  },

  async fit({ layers, untrusted }, params) {
    checkCount(untrusted!, 2);
    const perClass = params.per_class && !params.compat;
    const moments = new Map(layers.map(({ name, dims }) => [name, new GroupedMoments(dims)]));
    for await (const batch of untrusted!.batches()) {
      const classes = perClass ? batch.logits!.length / batch.size : 0;
      const groups = perClass ? positionsByGroup(predictedClasses(batch), classes) : [];
      for (const [name, grouped] of moments) grouped.update(batch.layers.get(name)!, batch.size, groups);
    }
    const state: DetectorState = { tensors: {}, values: { per_class: perClass ? 1 : 0 } };
    for (const [name, { all, byGroup }] of moments) {
      const groups = byGroup.length === 0 ? [all] : byGroup.map((own) => (own.count < 2 ? all : own));
      const directions = new Map([...new Set(groups)].map((own) => [own, topDirection(own)]));
      const shape = [groups.length, all.dims];
      state.tensors[`${name}/mean`] = { shape, data: joined(groups.map(({ mean }) => mean)) };
      state.tensors[`${name}/direction`] = { shape, data: joined(groups.map((own) => directions.get(own)!)) };
    }
    return state;
  },

  score(state, batch) {
    const scores: LayerScores = new Map();
    const groups = state.values['per_class'] === 1 ? predictedClasses(batch) : new Int32Array(batch.size);
    for (const [name, x] of batch.layers) {
      const means = doubles(state, `${name}/mean`);
      const directions = doubles(state, `${name}/direction`);
      const d = x.length / batch.size;
      scores.set(
        name,
        Float64Array.from(groups, (group, row) => {
          let along = 0;
          for (let j = 0, at = group * d; j < d; j++, at++) along += (x[row * d + j]! - means[at]!) * directions[at]!;
          return along * along;
        }),
      );
    }
    return scores;
  },
});

/** Moments of all rows, and of those of each group. */
class GroupedMoments {
  readonly all: MomentAccumulator;
  readonly byGroup: MomentAccumulator[] = [];

  constructor(dims: number) {
    this.all = new MomentAccumulator(dims);
  }

  /** Adds `n` rows `[n, d]`; `groups` holds the rows of each group. */
  update(x: Float32Array, n: number, groups: readonly number[][]): void {
    const d = this.all.dims;
    this.all.update(x, n);
    groups.forEach((rows, group) => {
      this.byGroup[group] ??= new MomentAccumulator(d);
      if (rows.length > 0) this.byGroup[group].update(takeRows(x, d, rows), rows.length);
    });
  }
}

/** The eigenvector of the largest eigenvalue of the covariance, of unit length, `[d]`. Its sign does not matter. */
function topDirection(moments: MomentAccumulator): Float64Array {
  const d = moments.dims;
  return symmetricEigenRows(moments.covariance(), d).vectors.subarray((d - 1) * d);
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const d = rows[0]!.length;
  const out = new Float64Array(rows.length * d);
  rows.forEach((row, i) => out.set(row, i * d));
  return out;
}
