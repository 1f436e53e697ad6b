import type { Picked } from '../../../shared/schema/fields.ts';
import { distinctTest } from '../../tasks/distinct.ts';
import { taskRegistry } from '../../tasks/index.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunContext } from '../run-definition.ts';

/** Builds the task that `spec` names, with no sample used twice, reporting progress. @throws CupbearerError as {@link distinctTest}. */
export async function buildTask({ name, ...params }: Picked, context: RunContext): Promise<Task> {
  const { dataDir, signal } = context;
  context.progress('Data', 0, 1);
  const task = await taskRegistry.get(name).build(params, {
    dataDir,
    signal,
    progress: (done, total) => context.progress('Data', done, total),
    warn: (message) => context.log(message),
  });
  const { test, leftOut } = distinctTest(task, params['overlap'] === 'remove' ? 'remove' : 'refuse');
  context.progress('Data', 1, 1);
  const { repeated, overlapping } = leftOut;
  if (repeated > 0) context.log(`Left out of the test data: ${repeated} that are equal to another test sample.`);
  if (overlapping > 0)
    context.log(`Left out of the test data: ${overlapping} that are also among the other data of the task.`);
  return { ...task, test };
}
