import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { Client } from '../hosts/web-client.ts';
import { runsEnded } from './program.ts';

/**
 * Does a draft as runs of their own rather than as an experiment: its first detector with the classifier, then each other
 * detector on that. Resolves with the runs, the classifier's first, once all have ended. @throws Error where one is not done.
 */
export async function finishedRuns(client: Client, draft: ExperimentDraft): Promise<string[]> {
  const { detectors } = draft;
  const start = async (change: Partial<ExperimentDraft>) => {
    const { ids } = await client.drafts.start({ draft: { ...draft, ...change } });
    const statuses = await runsEnded(client, ids);
    if (statuses.some((status) => status !== 'done')) throw new Error(`The runs ended as ${statuses.join(', ')}.`);
    return ids;
  };
  const ids = await start({ detectors: detectors.slice(0, 1) });
  const [classifier = ''] = ids;
  for (const detector of detectors.slice(1))
    ids.push(...(await start({ classifier: { source: 'run', run: classifier }, detectors: [detector] })));
  return ids;
}
