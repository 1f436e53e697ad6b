import { asPicked, type Picked } from '../../shared/schema/fields.ts';
import { triggerKey } from './classifier-trigger.ts';
import { taskRegistry } from './index.ts';

/**
 * Whether the anomalous samples of a task carry a trigger, and which one if the task names it; otherwise it is the
 * classifier's own.
 */
export function triggerOfTask(task: Picked): { hasTrigger: boolean; asked: Picked | undefined } {
  const hasTrigger = triggerKey in taskRegistry.get(task.name).params.shape;
  return { hasTrigger, asked: hasTrigger ? asPicked(task[triggerKey]) : undefined };
}
