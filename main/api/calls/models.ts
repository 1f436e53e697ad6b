import { parseParams } from '../../../shared/schema/fields.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { importModel, stateTraining } from '../import-model.ts';
import { defaultRunsDir } from '../queued-runs.ts';
import { trainingStatement } from '../../experiments/stated-training.ts';
import { networkOf } from '../run-results.ts';

/** The calls about models. */
export function modelsCalls({ workbench, summaries, settings }: Application) {
  const { catalogue } = workbench;
  return {
    list: calls.models.list.handler(() =>
      catalogue.list({ kind: 'classifier' }).map((record) => ({
        run: summaries.get(record.id),
        imported: record.spec['imported'] === true,
        isTrainingKnown: record.spec['train_data'] !== undefined,
        network: networkOf(workbench, record),
        usedBy: catalogue.childrenOf(record.id),
      })),
    ),
    import: calls.models.import.handler(async ({ input: { name, files, trained } }) => {
      const contents = await Promise.all(
        files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const),
      );
      const base = settings.current().runsDir ?? defaultRunsDir();
      const statement = parseParams(trainingStatement, trained ?? {});
      return { id: (await importModel(workbench, new Map(contents), { name, base, statement })).id };
    }),
    stateTraining: calls.models.stateTraining.handler(async ({ input: { id, trained } }) => {
      await stateTraining(workbench, id, parseParams(trainingStatement, trained));
      return {};
    }),
  };
}
