import { createHash } from 'node:crypto';
import type { OpenedModel } from '../plugins/plugin-process.ts';
import type { Batch, Dataset, SampleMetadata } from './dataset.ts';
import { checkedIndex } from './image-dataset.ts';

type PluginPart = NonNullable<OpenedModel['parts']['test']>;
export type PartName = keyof OpenedModel['parts'];

/** Numbers below zero are no keys of texts. */
const partNumbers: Record<PartName, number> = { trusted: 1, untrusted: 2, test: 3 };

/** Samples of a plugin's model, as a dataset: their inputs stay in the plugin. */
export class PluginSamples implements Dataset {
  readonly shape = [0];
  readonly classes = [];
  readonly memory = 0;
  readonly name: PartName;
  readonly part: PluginPart;
  readonly fingerprint: string;

  constructor(name: PartName, part: PluginPart, fingerprint: string) {
    this.name = name;
    this.part = part;
    this.fingerprint = fingerprint;
  }

  get length(): number {
    return this.part.length;
  }

  read(indices: ArrayLike<number>): Batch {
    for (let i = 0; i < indices.length; i++) checkedIndex(indices[i]!, this.length);
    return { inputs: new Float32Array(0), labels: new Int32Array(indices.length), size: indices.length };
  }

  /** Equal texts are equal samples; without texts each is taken for another. */
  readonly contentKeys = (indices: Int32Array): Float64Array =>
    Float64Array.from(indices, (index) => {
      const text = this.part.texts?.[index];
      return text === undefined ? -(partNumbers[this.name] * 2 ** 40 + index) : keyOf(text);
    });

  readonly texts = (indices: ArrayLike<number>): string[] =>
    Array.from(indices, (index) => this.part.texts?.[index] ?? `Sample ${index}`);

  get metadata(): SampleMetadata | undefined {
    const { texts, groups } = this.part;
    if (!texts && !groups) return undefined;
    return {
      columns: [...(texts ? ['text'] : []), ...(groups ? ['group'] : [])],
      rows: (indices) =>
        Array.from(indices, (index) => ({
          ...(texts ? { text: texts[index]! } : {}),
          ...(groups ? { group: groups[index]! } : {}),
        })),
    };
  }
}

/** 48 bits of a hash. */
function keyOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
