import { runDefinitionOf } from '../runs/index.ts';
import type { Application } from './application.ts';
import { dataFolder } from './settings.ts';

/**
 * Refuses to repeat a run whose spec can be seen to have become impossible: its data have gone, or its classifier. What is not
 * known of a classifier before it is trained, the run itself will find.
 * @throws CupbearerError `not-found` for an unknown run; as the experiment's `check`.
 */
export async function checkRepeat(
  { workbench, library, settings }: Application,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { kind, spec } = workbench.catalogue.get(id);
  const experiment = runDefinitionOf(kind);
  if (experiment.parents(spec).some((parent) => workbench.recordOf(parent).status !== 'done')) return;
  const dataDir = dataFolder(settings.current());
  await library.ask('check-run', { experiment: experiment.id, spec }, { dataDir, signal });
}
