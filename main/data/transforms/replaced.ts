import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import { bytePlaceSchema } from '../byte-place.ts';
import { plain, type Parameter } from './parameters.ts';
import { defineTransform, sampleSize, type Transform } from './transform.ts';

/** Inputs that take the place of a dataset's own. */
interface Replacement {
  readonly indices: Int32Array;
  /** `[indices.length, ...shape]` of float32. */
  readonly inputs: ByteFile;
  /** Whether samples that are not replaced can be read, too. */
  readonly others: 'kept' | 'refused';
}

const sentSchema = z.object({
  indices: z.instanceof(Int32Array),
  others: z.enum(['kept', 'refused']),
  place: bytePlaceSchema,
});

/** A replacement, which is sent with the place of its inputs in a file that the thread with the dataset keeps open. */
const replacementParameter: Parameter<Replacement> = {
  sender:
    ({ indices, others, inputs }) =>
    () => ({ indices, others, place: inputs.place }),
  revive(sent) {
    const { place, ...rest } = sentSchema.parse(sent);
    return { ...rest, inputs: ByteFile.shared(place) };
  },
};

/**
 * `dataset` with other inputs for some of its samples, and a fingerprint that says what these are. Reading throws `internal` for a
 * sample that is refused.
 */
export const replaced: Transform<[replacement: Replacement, fingerprint: string]> = defineTransform({
  kind: 'replaced',
  parameters: [replacementParameter, plain(z.string())],
  make(dataset, { indices: attacked, inputs, others }, fingerprint) {
    const size = sampleSize(dataset);
    const rowOf = new Map(Array.from(attacked, (index, row) => [index, row]));
    return {
      memory: attacked.byteLength,
      fingerprint,
      change(batch, indices) {
        const rows: number[] = [];
        const places: number[] = [];
        for (let i = 0; i < batch.size; i++) {
          const row = rowOf.get(indices[i]!);
          if (row !== undefined) {
            rows.push(row);
            places.push(i);
          } else if (others === 'refused') {
            throw new CupbearerError('internal', `Sample ${indices[i]} was not attacked.`);
          }
        }
        const given = new Float32Array(inputs.rows(rows, size * Float32Array.BYTES_PER_ELEMENT).buffer);
        places.forEach((place, k) => batch.inputs.set(given.subarray(k * size, (k + 1) * size), place * size));
      },
    };
  },
});
