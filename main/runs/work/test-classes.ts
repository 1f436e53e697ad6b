import { isPoisonedDataset } from '../../data/transforms/poisoning.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import type { Task, TestPart } from '../../tasks/task.ts';
import type { TestObserver } from './detection.ts';

/**
 * Notes, while the test data are scored, which class each sample is of, is labelled with, and is taken for. All `[n]`.
 */
export class TestClasses implements TestObserver {
  /** The logits, from which predicted classes are; none where the model's output is not one number a class. */
  readonly names: readonly string[];
  /** Before any poisoning. */
  readonly own: Int32Array;
  /** What the sample is labelled with: where a trigger is put in, the class that it is meant to bring about. */
  readonly label: Int32Array;
  /** Undefined if the model predicts no classes. */
  readonly predicted: Int32Array | undefined;

  constructor({ network, test }: Task) {
    const output = network.classOutput;
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
