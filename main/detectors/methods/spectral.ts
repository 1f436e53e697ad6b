import { flag } from '../../../shared/schema/fields.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { defineLayerDetector, matrix } from '../layer-detector.ts';
import { accumulate, ofLayer } from '../parts/by-layer.ts';
import { classCount, predictedClasses } from '../parts/predictions.ts';
import { positionsByGroup, takeRows } from '../parts/rows.ts';

/**
 * Spectral signatures: `((x - m) . v)^2` with the mean m and the top eigenvector v of the covariance of the untrusted
 * activations (Tran et al., section 3). Poisoned samples of a class are spread along v where their mean differs enough
 * from that of the others.
 *
 * As in the paper there is a mean and a direction for each class; a class is what the network predicts, since new
 * inputs have no labels (in poisoned training data both agree for almost all samples). A class with fewer than two
 * untrusted samples is judged by the direction of all samples. The seed library has one direction for all classes
 * together, which mostly separates the classes.
 */
export const spectral = defineLayerDetector({
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
      label: 'Match the Python library',
      help: 'One direction for all classes together, whatever else is set',
      default: false,
    }),
  },

  arrays: { mean: 'float64', direction: 'float64' },
  values: { per_class: 'number' },

  gather({ layers, untrusted }, params) {
    const start = (dims: number) => new GroupedMoments(dims);
    const adder = (batch: ActivationBatch) => {
      const groups = isByClass(params) ? positionsByGroup(predictedClasses(batch), classCount(batch)) : [];
      return (grouped: GroupedMoments, x: Float32Array) => grouped.update(x, batch.size, groups);
    };
    return accumulate(untrusted, layers, start, adder, 2);
  },

  keep: (params) => ({ per_class: isByClass(params) ? 1 : 0 }),

  fitLayer(moments, { name, dims }) {
    const { all, byGroup } = ofLayer(moments, name);
    const groups = byGroup.length === 0 ? [all] : byGroup.map((own) => (own.count < 2 ? all : own));
    const directions = new Map([...new Set(groups)].map((own) => [own, topDirection(own)]));
    return {
      mean: matrix(joined(groups.map(({ mean }) => mean)), dims),
      direction: matrix(joined(groups.map((own) => directions.get(own)!)), dims),
    };
  },

  scoreLayer({ mean, direction }, { x, size, dims: d, batch, values }) {
    const groups = values.per_class === 1 ? predictedClasses(batch) : new Int32Array(size);
    return Float64Array.from(groups, (group, row) => {
      let along = 0;
      for (let j = 0, at = group * d; j < d; j++, at++) along += (x[row * d + j]! - mean[at]!) * direction[at]!;
      return along * along;
    });
  },
});

function isByClass({ per_class: perClass, compat }: { per_class: boolean; compat: boolean }): boolean {
  return perClass && !compat;
}

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
