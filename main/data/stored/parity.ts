import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { hashFile } from '../../storage/content-hash.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { isThere, within } from '../../storage/within-folder.ts';
import { contractFile } from './contract.ts';

/** What `python -m cupbearer_bridge check` writes beside the activations. */
const parityFile = 'parity.json';

const bounds = { mostDepth: 4, mostBytes: 2 ** 20 };
const difference = z.number().nonnegative().nullable();

const paritySchema = z.object({
  format: z.literal('cupbearer-parity'),
  version: z.literal(1),
  /** SHA-256 of the contract whose reference rows were computed again. */
  contract: z.string().max(64),
  /** The largest difference in each layer, and what rounding explains; null if not finite. */
  layers: z.record(z.string().max(4096), z.object({ largest: difference, limit: difference })),
});

/** The largest difference between reference rows and what the model gives again, by layer. */
type Parity = z.infer<typeof paritySchema>['layers'];

/**
 * Returns what the last check of the reference rows in `folder` found; undefined if there was none since the contract was written,
 * or its file is not readable as one: nothing else depends on it.
 */
export function readParity(folder: string): Parity | undefined {
  const place = within(folder, parityFile);
  if (!isThere(place)) return undefined;
  try {
    const found = paritySchema.safeParse(readJsonFile(place, bounds));
    return found.success && found.data.contract === hashFile(within(folder, contractFile))
      ? found.data.layers
      : undefined;
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}
