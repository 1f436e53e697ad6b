import { Registry } from '../../../shared/definition.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import type { Optimizer, OptimizerDefinition } from '../optimizer.ts';
import { adam } from './adam.ts';
import { sgd } from './sgd.ts';

/** All optimisers that a classifier can be trained with. */
export const optimizerRegistry = new Registry<OptimizerDefinition>('optimizer', [adam, sgd]);

/** The optimiser that a spec names. */
export function createOptimizer({ name, ...params }: Picked): Optimizer {
  return optimizerRegistry.get(name).create(params);
}
