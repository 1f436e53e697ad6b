import { z } from 'zod';
import { bytesOf } from '../../storage/element-type.ts';
import type { Dataset, DatasetFacts, FromRecipe } from '../dataset.ts';
import type { FingerprintPart } from '../fingerprint.ts';
import { triggerOfSpec } from '../triggers/index.ts';
import { triggerFingerprint } from '../triggers/trigger-fingerprint.ts';
import type { Trigger } from '../triggers/trigger.ts';

/** How a parameter of a transform counts in fingerprints and reaches other threads. */
export interface Parameter<T> {
  /** Returns what the fingerprint of the result covers of a value; absent if another parameter says what it is. */
  identity?(value: T): FingerprintPart;
  /** Returns what makes the form in which a value is sent; undefined if only this thread can use it. */
  sender(value: T): (() => unknown) | undefined;
  /** Returns the value again of the form in which it was sent; `facts` are those of the dataset that is transformed. */
  revive(sent: unknown, facts: DatasetFacts, fromRecipe: FromRecipe): T;
}

/** Returns a parameter that is sent as it is. The fingerprint covers the value itself unless `identity` says what. */
export function plain<T extends FingerprintPart>(
  schema: z.ZodType<T>,
  identity: (value: T) => FingerprintPart = (value) => value,
): Parameter<T> {
  return { identity, sender: (value) => () => value, revive: (sent) => schema.parse(sent) };
}

/** Numbers of samples. */
export const sampleIndices: Parameter<Int32Array> = plain(z.instanceof(Int32Array), bytesOf);

const recipeSchema = z.object({ kind: z.string(), args: z.array(z.unknown()) });

/** Returns the dataset that was sent as its recipe. */
export function reviveDataset(sent: unknown, fromRecipe: FromRecipe): Dataset {
  return fromRecipe(recipeSchema.parse(sent));
}

/** Another dataset, which is sent as its recipe. */
export const anotherDataset: Parameter<Dataset> = {
  identity: (dataset) => dataset.fingerprint,
  sender: (dataset) => dataset.recipe,
  revive: (sent, _, fromRecipe) => reviveDataset(sent, fromRecipe),
};

const tensorSchema = z.object({
  shape: z.array(z.number()),
  data: z.union([
    z.instanceof(Float32Array),
    z.instanceof(Float64Array),
    z.instanceof(Int32Array),
    z.instanceof(Uint8Array),
  ]),
});

const triggerSchema = z.object({
  spec: z.record(z.string(), z.unknown()),
  state: z.record(z.string(), tensorSchema),
});

/** A trigger, which is sent as what it says of itself and its state. */
export const aTrigger: Parameter<Trigger> = {
  identity: triggerFingerprint,
  sender: (trigger) => (trigger.staysInThread ? undefined : () => ({ spec: trigger.spec, state: trigger.state() })),
  revive(sent, { shape, vocabulary }) {
    const { spec, state } = triggerSchema.parse(sent);
    // All that a seed decided is in the state.
    return triggerOfSpec(spec, { shape, vocabulary, seed: 0, state });
  },
};
