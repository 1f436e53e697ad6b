import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { number } from '../../shared/schema/fields.ts';

/** Changes the weights after each batch and keeps what it must remember from one step to the next. */
export interface Optimizer {
  /**
   * Applies one step with the learning rate times `rateFactor` (1 unless a schedule says otherwise). `gradients` are by
   * variable name; the caller disposes of them.
   */
  step(variables: ReadonlyMap<string, tf.Variable>, gradients: Record<string, tf.Tensor>, rateFactor?: number): void;
  /** Its whole state, so that training can continue as if it had never stopped. */
  state(): Promise<TensorMap>;
  load(state: TensorMap): void;
  dispose(): void;
}

export interface OptimizerDefinition extends Definition {
  create(params: Record<string, unknown>): Optimizer;
}

/** Types `create`'s params from the schema beside it. */
export function defineOptimizer<P extends z.ZodObject>(
  definition: Omit<OptimizerDefinition, 'params' | 'create'> & {
    params: P;
    create(params: z.output<P>): Optimizer;
  },
): OptimizerDefinition {
  // The registry hands over only what this very schema has parsed.
  return definition;
}

/** A penalty on large weights that every optimiser has. */
export const weightDecayParam = number({
  advanced: true,
  label: 'Weight decay',
  help: 'L2 penalty: this multiple of the weights is added to their gradient',
  default: 0,
  min: 0,
  max: 10,
});
