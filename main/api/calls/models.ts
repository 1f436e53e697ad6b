import type { ModelSummary } from '../../../shared/domain/library.ts';
import { parseParams } from '../../../shared/schema/fields.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import type { Application } from '../application.ts';
import { breath } from '../breath.ts';
import { calls } from '../calls.ts';
import { importModel, stateTraining } from '../import-model.ts';
import { defaultRunsDir } from '../queued-runs.ts';
import { readRun } from '../read-run.ts';
import { networkOf } from '../run-results.ts';
import { trainingStatement } from '../stated-training.ts';

/** Models that are described without a breath: each has a file to be read. */
const mostAtOnce = 5;

/** The calls about models. */
export function modelsCalls(application: Application) {
  const { workbench, settings } = application;
  const { catalogue } = workbench;
  return {
    list: calls.models.list.handler(async () => {
      const models: ModelSummary[] = [];
      for (const id of catalogue.idsOf('classifier')) {
        const run = catalogue.find(id);
        if (run) models.push(modelSummary(application, run));
        if (models.length % mostAtOnce === 0) await breath();
      }
      return models;
    }),
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

function modelSummary({ workbench, summaries }: Application, run: CatalogueRun): ModelSummary {
  const { spec } = readRun(run);
  const training = spec.kind === 'classifier' ? spec.sound : {};
  return {
    run: summaries.of([run])[0]!,
    imported: training.imported === true,
    isTrainingKnown: training.train_data !== undefined,
    network: networkOf(workbench, run),
    usedBy: workbench.catalogue.childrenOf(run.id),
  };
}
