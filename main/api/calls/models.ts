import { describe } from '../../../shared/schema/describe.ts';
import { parseParams } from '../../../shared/schema/fields.ts';
import { trainClassifier } from '../../experiments/train-classifier.ts';
import { trainingStatement } from '../../experiments/stated-training.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { importModel, stateTraining } from '../import-model.ts';
import { defaultRunsDir } from '../queued-runs.ts';
import { networkOf } from '../run-results.ts';
import { dataFolder } from '../settings.ts';

/** The calls about models. */
export function modelsCalls({ workbench, summaries, settings, reach, library, uploads }: Application) {
  const { catalogue } = workbench;
  const dataDir = () => dataFolder(settings.current());
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
    import: calls.models.import.handler(async ({ input: { name, upload, trained }, signal }) => {
      const base = settings.current().runsDir ?? defaultRunsDir();
      const statement = parseParams(trainingStatement, trained ?? {});
      const checkSpec = (spec: Record<string, unknown>) => reach.checkSpec(describe(trainClassifier.params), spec);
      const { id } = await uploads.take(upload, (folder) =>
        importModel(workbench, library, {
          name,
          folder,
          isOwn: true,
          base,
          statement,
          checkSpec,
          dataDir: dataDir(),
          signal,
        }),
      );
      return { id };
    }),
    stateTraining: calls.models.stateTraining.handler(async ({ input: { id, trained }, signal }) => {
      const statement = parseParams(trainingStatement, trained);
      await stateTraining(workbench, library, id, statement, { dataDir: dataDir(), signal });
      return {};
    }),
  };
}
