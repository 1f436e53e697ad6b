import { Registry } from '../../shared/definition.ts';
import { activations } from './activations.ts';
import { adversarialExamples } from './adversarial-examples.ts';
import { backdoor } from './backdoor.ts';
import { ood } from './ood.ts';
import { quirkyArithmetic } from './quirky-arithmetic.ts';
import { separateData } from './separate-data.ts';
import { commonTaskParams } from './split-params.ts';
import { toyFeatures } from './toy-features.ts';
import type { TaskDefinition } from './task.ts';

/** All tasks. A new one is its file and a line here. */
export const taskRegistry = new Registry<TaskDefinition>('task', [
  backdoor,
  adversarialExamples,
  ood,
  toyFeatures,
  separateData,
  quirkyArithmetic,
  activations,
]).sharing(commonTaskParams);
