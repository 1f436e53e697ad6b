import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { canonicalJson } from '../../storage/content-hash.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { isThere, pathOf, type Place } from '../../storage/within-folder.ts';

/** The file beside activations that says how they were made. */
export const contractFile = 'activations.json';

/** Far above any contract; texts of reference rows are the most of it. */
const bounds = { mostDepth: 16, mostBytes: 2 ** 22 };

const text = z.string().max(4096);
const count = z.int().nonnegative();
const longText = z.string().max(2 ** 20);
const json: z.ZodType<unknown> = z.json();

const contractSchema = z.object({
  format: z.literal('cupbearer-activations'),
  version: z.literal(1),
  model: z.object({
    name: text,
    /** SHA-256 of the weights, hex. */
    hash: text.nullish(),
    class: text.nullish(),
    library: text.nullish(),
    library_version: text.nullish(),
  }),
  made_by: z
    .object({
      tool: text.nullish(),
      version: text.nullish(),
      date: text.nullish(),
      seed: z.int().nullish(),
    })
    .nullish(),
  samples: count,
  dtype: text,
  preprocessing: z.record(text, json).nullish(),
  prompt_template: longText.nullish(),
  /** Which tokens were kept: all, one that comes of them, or chosen ones, negative from the end. */
  positions: z.union([z.enum(['last', 'mean', 'max', 'all']), z.array(z.int()).max(2 ** 16)]).nullish(),
  layers: z.record(
    text,
    z.object({ hook: text.nullish(), module: text.nullish(), shape: z.array(count).max(32).nullish() }),
  ),
  /** The tensor that holds the tokens of each sample. */
  lengths: text.nullish(),
  reference: z
    .object({
      rows: z.array(count).max(2 ** 16),
      inputs: z
        .array(json)
        .max(2 ** 16)
        .nullish(),
      file: text,
    })
    .nullish(),
});

/** How activations were made: the model, where in it, and what went in. */
export type ActivationsContract = z.infer<typeof contractSchema>;

/** Reads the contract at a place, undefined where there is none. @throws CupbearerError `bad-data` naming the field that does not fit; `storage`. */
export function readContract(place: Place): ActivationsContract | undefined {
  if (!isThere(place)) return undefined;
  const found = contractSchema.safeParse(readJsonFile(place, bounds));
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const where = issue!.path.length > 0 ? issue!.path.join('.') : 'the whole';
  throw new CupbearerError('bad-data', `"${pathOf(place)}", ${where}: ${issue!.message}.`, {
    hint: `Export the activations again, or remove ${contractFile}: it is not needed to read them.`,
  });
}

/** A field in which two contracts differ, and what each says. */
interface ContractDifference {
  readonly field: string;
  readonly values: readonly [unknown, unknown];
}

/**
 * Returns in which fields two sets were made differently: the model, dtype, preprocessing, prompt template, positions, and where in the
 * model each of `layers` was taken (of all that either names, if left out). Who made them, and when, may differ.
 */
export function contractDifferences(
  a: ActivationsContract,
  b: ActivationsContract,
  layers: readonly string[] = [...new Set([...Object.keys(a.layers), ...Object.keys(b.layers)])],
): ContractDifference[] {
  const comparable = (contract: ActivationsContract) => ({
    model: contract.model,
    dtype: contract.dtype,
    preprocessing: contract.preprocessing,
    prompt_template: contract.prompt_template,
    positions: contract.positions,
    layers: Object.fromEntries(
      layers.map((name) => {
        const layer = Object.hasOwn(contract.layers, name) ? contract.layers[name] : undefined;
        return [name, { hook: layer?.hook, module: layer?.module }];
      }),
    ),
  });
  return differences(comparable(a), comparable(b), '');
}

function differences(a: unknown, b: unknown, field: string): ContractDifference[] {
  if (isRecord(a) && isRecord(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(ownOf(a, key), ownOf(b, key), field === '' ? key : `${field}.${key}`));
  }
  // Nothing said and null are the same.
  return canonicalJson(a ?? null) === canonicalJson(b ?? null) ? [] : [{ field, values: [a ?? null, b ?? null] }];
}

function ownOf(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
