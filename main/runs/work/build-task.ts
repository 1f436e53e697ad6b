import { given } from '../../../shared/given.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { distinctTest } from '../../tasks/distinct.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { placesNote } from '../../data/class-order.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunContext } from '../run-definition.ts';
import { saidOnce } from './said-once.ts';

/** Builds the task that `spec` names, with no sample used twice, reporting progress. @throws CupbearerError as {@link distinctTest}. */
export async function buildTask({ name, ...params }: Picked, context: RunContext): Promise<Task> {
  const { dataDir, signal, keeper } = context;
  context.progress('Data', 0, 1);
  const task = await taskRegistry.get(name).build(params, {
    dataDir,
    signal,
    ...given({ keeper }),
    progress: (done, total) => context.progress('Data', done, total),
    warn: saidOnce((message) => context.log(message)),
  });
  for (const note of placesNotes(task)) context.log(note);
  const { test, leftOut } = distinctTest(task, params['overlap'] === 'remove' ? 'remove' : 'refuse');
  context.progress('Data', 1, 1);
  const { repeated, overlapping } = leftOut;
  if (repeated > 0) context.log(`Left out of the test data: ${repeated} that are equal to another test sample.`);
  if (overlapping > 0)
    context.log(`Left out of the test data: ${overlapping} that are also among the other data of the task.`);
  return { ...task, test };
}

/** What is to be said of classes of the task's clean data that are not matched with the model's by name. */
export function placesNotes({ source, trusted, test }: Task): string[] {
  const clean = [trusted.dataset, ...test.filter(({ anomalous }) => !anomalous).map(({ dataset }) => dataset)];
  const notes = clean.map(({ classes }) => placesNote(classes, source.classes));
  return [...new Set(notes.filter((note) => note !== undefined))];
}
