import { CupbearerError } from '../../../shared/errors.ts';
import type { Batch, Dataset, SampleMetadata } from '../dataset.ts';
import { checkedIndex } from '../image-dataset.ts';
import { contentKeys } from './stored-blocks.ts';
import type { MetadataRow } from './metadata-records.ts';
import type { StoredSet } from './stored-set.ts';

/** Columns of metadata that say what a sample is, the best first. */
const textColumns = ['text', 'prompt', 'input', 'inputs', 'tokens', 'id'];

/** Samples of which only activations were recorded, as a dataset: they have no inputs and no classes. */
export class RecordedSamples implements Dataset {
  readonly shape = [0];
  readonly classes = [];
  readonly memory = 0;
  readonly set: StoredSet;
  readonly fingerprint: string;
  readonly #keys: Float64Array;

  private constructor(set: StoredSet, fingerprint: string, keys: Float64Array) {
    this.set = set;
    this.fingerprint = fingerprint;
    this.#keys = keys;
  }

  /** Reads what tells the samples of a set apart: their activations at one layer. @throws CupbearerError as `contentKeys`. */
  static async of(set: StoredSet, layer: string, signal: AbortSignal | undefined): Promise<RecordedSamples> {
    const fingerprint = await set.fingerprint(signal);
    return new RecordedSamples(set, fingerprint, await contentKeys(set, layer, { length: set.length }, signal));
  }

  get length(): number {
    return this.set.length;
  }

  read(indices: ArrayLike<number>): Batch {
    for (let i = 0; i < indices.length; i++) checkedIndex(indices[i]!, this.length);
    return { inputs: new Float32Array(0), labels: new Int32Array(indices.length), size: indices.length };
  }

  readonly contentKeys = (indices: Int32Array): Float64Array =>
    Float64Array.from(indices, (index) => this.#keys[index]!);

  get metadata(): SampleMetadata | undefined {
    return this.set.metadata;
  }

  readonly texts = (indices: ArrayLike<number>): string[] => textsOf(this.set, indices);
}

/** What is known of samples in words: their text, or what else names them. */
export function textsOf(
  { metadata, names }: Pick<StoredSet, 'metadata' | 'names'>,
  indices: ArrayLike<number>,
): string[] {
  const column = textColumns.find((name) => metadata?.columns.includes(name)) ?? metadata?.columns[0];
  if (!metadata || column === undefined) return Array.from(indices, (index) => names?.[index] ?? `Sample ${index}`);
  return metadata.rows(indices).map((row, i) => wordsOf(row, column) ?? `Sample ${indices[i]}`);
}

function wordsOf(row: MetadataRow, column: string): string | undefined {
  const value = row[column] ?? null;
  if (value === null) return undefined;
  return typeof value === 'object' ? value.join(' ') : String(value);
}

/** The set that samples come from. @throws CupbearerError `internal` for samples of anything else. */
export function setOf(dataset: Dataset): StoredSet {
  if (dataset instanceof RecordedSamples) return dataset.set;
  throw new CupbearerError('internal', 'Recorded activations were asked for of samples that have none.');
}
