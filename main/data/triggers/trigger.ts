import { z } from 'zod';
import type { Definition } from '../../../shared/definition.ts';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { flag, integer, number } from '../../../shared/schema/fields.ts';
import type { AttackRequest } from '../dataset.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { padding } from '../texts.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/** The change that marks a sample as poisoned. */
export interface Trigger {
  /** Everything that determines {@link apply} apart from {@link state}: the definition's id and its own parameters. */
  readonly spec: Readonly<Record<string, unknown>>;
  /**
   * Changes one sample in place: an image (row-major `[height, width, channels]`, values 0 to 1) or a text (`[length]`,
   * tokens).
   */
  apply(sample: Float32Array, stream: RandomStream): void;
  /** A change of the same kind on a sample that keeps its label (WaNet's noise mode); absent if there is none. */
  decoy?(sample: Float32Array, stream: RandomStream): void;
  /** Whether other threads cannot make it again of spec and state. */
  readonly staysInThread?: boolean;
  /** What must be stored with a model so that the same trigger can be applied later; empty if nothing. */
  state(): TensorMap;
}

/** What a trigger is made for. */
export interface TriggerContext {
  /** Shape of one sample, images as `[height, width, channels]`, texts as `[length]`. */
  readonly shape: readonly number[];
  /** The meaning of a text's tokens; only texts have one. */
  readonly vocabulary?: readonly string[] | undefined;
  /** The run's seed. */
  readonly seed: number;
  /** The {@link Trigger.state} stored with an earlier model. */
  readonly state?: TensorMap | undefined;
}

/** How a clean-label attack makes poisoned training samples hard to learn by anything but the trigger. */
export type Disguise = Pick<AttackRequest, 'runPath' | 'eps' | 'stepSize' | 'steps'>;

/** A kind of trigger. `create` throws CupbearerError `usage` if parameters contradict each other or the state. */
export interface TriggerDefinition extends Definition {
  /** Reads the files that the parameters name; the result becomes {@link TriggerContext.state} of `create`. */
  prepare?(params: never, context: TriggerContext): Promise<TensorMap | undefined>;
  create(params: never, context: TriggerContext): Trigger;
  /** Whether only samples of the target class are poisoned in training data, so that no label is wrong. */
  isCleanLabel?(params: never): boolean;
  /** What is done to poisoned training samples before they get the trigger. */
  disguise?(params: never): Disguise;
}

/** Parameters that every trigger has: how much is poisoned and what poisoned samples are labelled. */
export const poisonFields = {
  p_backdoor: number({
    control: 'share',
    default: 0.05,
    min: 0,
    max: 1,
    label: 'Poisoned share',
    help: 'Share of the samples that get the trigger and the wrong label. A fully poisoned training set teaches nothing.',
  }),
  target_class: integer({
    default: 0,
    min: 0,
    label: 'Target class',
    help: "The label that poisoned samples get, counted from 0 in the model's own order of classes.",
  }),
  cycle_class: flag({
    advanced: true,
    default: false,
    label: 'All-to-all',
    help: 'Poisoned samples get the class after their own instead of the target class.',
  }),
};

/** Declares a trigger: `params` are its own, those of {@link poisonFields} are added. */
export function defineTrigger<S extends z.ZodRawShape>(
  definition: Omit<Definition, 'params'> & {
    readonly params: S;
    prepare?(
      params: z.output<z.ZodObject<S & typeof poisonFields>>,
      context: TriggerContext,
    ): Promise<TensorMap | undefined>;
    create(params: z.output<z.ZodObject<S & typeof poisonFields>>, context: TriggerContext): Trigger;
    isCleanLabel?(params: z.output<z.ZodObject<S & typeof poisonFields>>): boolean;
    disguise?(params: z.output<z.ZodObject<S & typeof poisonFields>>): Disguise;
  },
): TriggerDefinition {
  return { ...definition, params: z.object({ ...definition.params, ...poisonFields }) };
}

/** Height, width and channels. @throws CupbearerError `usage` if `shape` is not that of an image. */
export function imageSize(
  shape: readonly number[],
  trigger: string,
): [height: number, width: number, channels: number] {
  const [height, width, channels] = shape;
  if (shape.length === 3) return [height!, width!, channels!];
  throw new CupbearerError(
    'usage',
    `The trigger "${trigger}" expects images [height, width, channels], found samples of shape [${shape.join(', ')}].`,
  );
}

/**
 * Returns the meaning of texts' tokens. @throws CupbearerError `usage` if the samples are no texts, or have no padding.
 */
export function vocabularyOf({ shape, vocabulary }: TriggerContext, trigger: string): readonly string[] {
  if (shape.length === 1 && vocabulary?.includes(padding)) return vocabulary;
  throw new CupbearerError(
    'usage',
    `The trigger "${trigger}" expects texts with padding in front of the words, found samples of shape [${shape.join(', ')}]${vocabulary ? ` without "${padding}"` : ' and no vocabulary'}.`,
    {
      hint: worded`For example ${parameter('train_data.original')} arithmetic with 3 for ${parameter('train_data.original.room')}.`,
    },
  );
}
