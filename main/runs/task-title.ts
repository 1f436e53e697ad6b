import { triggerRegistry } from '../data/triggers/index.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { taskRegistry } from '../tasks/index.ts';
import { triggerOfTask } from '../tasks/trigger-of-task.ts';
import { trainClassifierParams } from './classifier-spec.ts';

/**
 * Returns what a task is called among others: by its trigger where it has one, be it that of `data`, which its classifier is
 * trained on. Both may be invalid.
 */
export function taskTitle(task: Picked, data: unknown): string {
  if (!taskRegistry.has(task.name)) return task.name;
  const { title } = taskRegistry.get(task.name);
  const { hasTrigger, asked } = triggerOfTask(task);
  const parsed = trainClassifierParams.shape.train_data.safeParse(data);
  const trigger = asked ?? (parsed.success ? trainingData(parsed.data).trigger : undefined);
  return hasTrigger && trigger && triggerRegistry.has(trigger.name) ? triggerRegistry.get(trigger.name).title : title;
}
