import { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { RandomStream } from '../tensor/random.ts';

/** What is known of some samples of a model, a row each. */
export interface ModelPart {
  length: number;
  /** 1 = anomalous, `[length]`; test parts need it. */
  labels?: ArrayLike<number>;
  /** Tokens of each sample, `[length]`, where they differ. */
  lengths?: ArrayLike<number>;
  /** Texts to show. */
  texts?: readonly string[];
  /** Samples of a group are not independent, `[length]`. */
  groups?: ArrayLike<number>;
  /** Changes with the samples. */
  fingerprint: string;
}

type ModelPartName = 'trusted' | 'untrusted' | 'test';

/** A model at work, with its samples. */
export interface RunningModel {
  /** Of one sample `[d]` or `[positions, d]`; ragged: of the longest. */
  layers: readonly { name: string; shape: readonly number[]; isRagged?: boolean }[];
  /** How many numbers it puts out a sample, where it does. */
  logits?: number;
  parts: Partial<Record<ModelPartName, ModelPart>>;
  /** Changes with whatever activations depend on besides the samples: a hash of the weights. */
  fingerprint: string;
  /** Returns activations of some samples of a part, by layer, row-major; of ragged layers those of all tokens, one after another. */
  activations(
    part: ModelPartName,
    indices: Int32Array,
    layers: readonly string[],
    wantsLogits: boolean,
  ): Promise<ModelActivations> | ModelActivations;
}

export interface ModelActivations {
  layers: ReadonlyMap<string, Float32Array>;
  logits?: Float32Array;
}

export interface ModelContext {
  stream: RandomStream;
  signal: AbortSignal;
}

interface ModelDeclaration<P extends z.ZodRawShape> extends Omit<Definition, 'params'> {
  params: P;
  /** What its anomalous samples are called: "Triggered". */
  anomalous?: string;
  threat?: string;
  open(params: z.output<z.ZodObject<P>>, context: ModelContext): Promise<RunningModel> | RunningModel;
}

/** What {@link defineModel} and {@link defineModelTask} return. */
export interface ModelDefinition extends Definition {
  anomalous?: string;
  threat?: string;
  normal?: string;
  isTask: boolean;
  open(params: Record<string, unknown>, context: ModelContext): Promise<RunningModel> | RunningModel;
}

/** Declares a model that runs in the plugin, with samples of its own. */
export function defineModel<P extends z.ZodRawShape>(declaration: ModelDeclaration<P>): ModelDefinition {
  return declared(declaration, false);
}

/** Declares a task: a model and its samples, with who threatens it and what its normal test samples are called. */
export function defineModelTask<P extends z.ZodRawShape>(
  declaration: ModelDeclaration<P> & { threat: string; normal?: string },
): ModelDefinition {
  return declared(declaration, true);
}

function declared<P extends z.ZodRawShape>(declaration: ModelDeclaration<P>, isTask: boolean): ModelDefinition {
  return {
    ...declaration,
    isTask,
    params: z.object(declaration.params),
    // Handed over as this very schema has parsed it.
    open: (params, context) => declaration.open(params as z.output<z.ZodObject<P>>, context),
  };
}
