import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from './dataset.ts';

/** Inputs that take the place of a dataset's own. */
export interface Replacement {
  readonly indices: Int32Array;
  /** `[indices.length, ...shape]`. */
  readonly inputs: Float32Array;
  /** Whether samples that are not replaced can be read, too. */
  readonly others: 'kept' | 'refused';
}

/** `dataset` with other inputs for some of its samples. Reading throws `internal` for a sample that is refused. */
export function replaced(
  dataset: Dataset,
  { indices, inputs: given, others }: Replacement,
  fingerprint: string,
): Dataset {
  let inputs = given;
  const size = dataset.shape.reduce((product, side) => product * side, 1);
  const rows = new Map(Array.from(indices, (index, row) => [index, row]));
  const { recipe, ...facts } = dataset;
  return {
    ...facts,
    memory: dataset.memory + given.byteLength,
    fingerprint,
    ...(recipe
      ? {
          recipe() {
            // Once in shared memory, however many threads read.
            if (!(inputs.buffer instanceof SharedArrayBuffer)) {
              const shared = new Float32Array(new SharedArrayBuffer(inputs.byteLength));
              shared.set(inputs);
              inputs = shared;
            }
            return { kind: 'replaced', args: [recipe(), { indices, inputs, others }, fingerprint] };
          },
        }
      : {}),
    read(wanted, epoch) {
      const batch = dataset.read(wanted, epoch);
      for (let i = 0; i < batch.size; i++) {
        const row = rows.get(wanted[i]!);
        if (row !== undefined) batch.inputs.set(inputs.subarray(row * size, (row + 1) * size), i * size);
        else if (others === 'refused') throw new CupbearerError('internal', `Sample ${wanted[i]} was not attacked.`);
      }
      return batch;
    },
  };
}
