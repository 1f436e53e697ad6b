import { CupbearerError } from '../../../shared/errors.ts';
import type { ByteFile } from '../../storage/byte-file.ts';
import type { Dataset } from '../dataset.ts';

/** Inputs that take the place of a dataset's own. */
export interface Replacement {
  readonly indices: Int32Array;
  /** `[indices.length, ...shape]` of float32. */
  readonly inputs: ByteFile;
  /** Whether samples that are not replaced can be read, too. */
  readonly others: 'kept' | 'refused';
}

/** `dataset` with other inputs for some of its samples. Reading throws `internal` for a sample that is refused. */
export function replaced(dataset: Dataset, { indices, inputs, others }: Replacement, fingerprint: string): Dataset {
  const size = dataset.shape.reduce((product, side) => product * side, 1);
  const rowOf = new Map(Array.from(indices, (index, row) => [index, row]));
  const { recipe, ...facts } = dataset;
  return {
    ...facts,
    memory: dataset.memory + indices.byteLength,
    fingerprint,
    ...(recipe
      ? {
          recipe: () => ({ kind: 'replaced', args: [recipe(), { indices, others, place: inputs.place }, fingerprint] }),
        }
      : {}),
    read(wanted, epoch) {
      const batch = dataset.read(wanted, epoch);
      const rows: number[] = [];
      const places: number[] = [];
      for (let i = 0; i < batch.size; i++) {
        const row = rowOf.get(wanted[i]!);
        if (row !== undefined) {
          rows.push(row);
          places.push(i);
        } else if (others === 'refused') throw new CupbearerError('internal', `Sample ${wanted[i]} was not attacked.`);
      }
      const given = new Float32Array(inputs.rows(rows, size * Float32Array.BYTES_PER_ELEMENT).buffer);
      places.forEach((place, k) => batch.inputs.set(given.subarray(k * size, (k + 1) * size), place * size));
      return batch;
    },
  };
}
