import { isPoisonedDataset } from '../../data/transforms/poisoning.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import type { Task, TestPart } from '../../tasks/task.ts';
import type { TestObserver } from './detection.ts';

/**
 * Records the true class, the label and the predicted class of each test sample while it is scored. All `[n]`.
 */
export class TestClasses implements TestObserver {
  /** The logits, which determine the predicted classes; none if the model's output is not one number per class. */
  readonly names: readonly string[];
  /** Before any poisoning. */
  readonly own: Int32Array;
  /** The sample's label: with a trigger, the class that the trigger should cause. */
  readonly label: Int32Array;
  /** Undefined if the model predicts no classes. */
  readonly predicted: Int32Array | undefined;

  constructor({ source, test }: Task) {
    const output = source.classOutput;
    this.names = output === undefined ? [] : [output];
    const total = test.reduce((sum, { indices }) => sum + indices.length, 0);
    this.own = new Int32Array(total);
    this.label = new Int32Array(total);
    this.predicted = output === undefined ? undefined : new Int32Array(total);
  }

  see(batch: ActivationBatch, { dataset }: TestPart, positions: Int32Array): void {
    positions.forEach((position, i) => {
      const label = batch.labels[i]!;
      this.label[position] = label;
      this.own[position] = isPoisonedDataset(dataset) ? dataset.cleanLabel(batch.indices[i]!) : label;
    });
    const [output] = this.names;
    if (output === undefined) return;
    const predicted = argMaxRows(batch.layers.get(output)!, batch.size);
    positions.forEach((position, i) => (this.predicted![position] = predicted[i]!));
  }
}

/** The column of the largest entry of each row, `[n]`. */
function argMaxRows(rows: Float32Array, n: number): Int32Array {
  const d = rows.length / n;
  return Int32Array.from({ length: n }, (_, i) => {
    let best = 0;
    for (let j = 1; j < d; j++) if (rows[i * d + j]! > rows[i * d + best]!) best = j;
    return best;
  });
}
