import { parentsOfRun } from '../../runs/index.ts';
import { specToRepeat } from '../../runs/stored-spec.ts';
import type { Application } from '../application.ts';
import { readRun } from './read-run.ts';
import { dataFolder } from '../settings.ts';

/**
 * Refuses to repeat a run that has become impossible, for example because its data or its classifier are gone. What
 * depends on a classifier that is not trained yet is left for the run itself to find out.
 * @throws CupbearerError `not-found` for an unknown run, `bad-data` for a spec that is not valid; as {@link checkRun}.
 */
export async function checkRepeat(
  { workbench, library, settings }: Application,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const spec = specToRepeat(readRun(workbench.catalogue.get(id)).spec);
  if (parentsOfRun(spec).some((parent) => workbench.known.recordOf(parent).status !== 'done')) return;
  const dataDir = dataFolder(settings.current());
  await library.ask('check-run', spec, { dataDir, signal });
}
