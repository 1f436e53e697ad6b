import type { Picked } from '../../shared/schema/fields.ts';
import { taskRegistry } from '../tasks/index.ts';

/** Returns one line that distinguishes a task from others: "backdoor: mnist, corner pixel trigger". */
export function describeTask({ name, ...params }: Picked): string {
  const detail = taskRegistry.get(name).describe(params);
  return detail === '' ? name : `${name}: ${detail}`;
}

/** Run folders that a task is built from. */
export function taskParents(task: Picked): string[] {
  return typeof task['run_path'] === 'string' ? [task['run_path']] : [];
}
