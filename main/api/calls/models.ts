import type { ModelSummary } from '../../../shared/domain/library.ts';
import { describe } from '../../../shared/schema/describe.ts';
import { parseParams } from '../../../shared/schema/fields.ts';
import { trainClassifier } from '../../runs/train-classifier.ts';
import { trainingStatement } from '../../runs/stated-training.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import type { Application } from '../application.ts';
import { breath } from '../breath.ts';
import { calls } from '../calls.ts';
import { packSamples } from '../pack-samples.ts';
import { checkModel } from '../runs/check-model.ts';
import { importModel, stateTraining } from '../runs/import-model.ts';
import { readRun } from '../runs/read-run.ts';
import { describedNetwork, knownPreprocessing } from '../../models/known-network.ts';
import { dataFolder, runsFolder } from '../settings.ts';

/** Models described before other calls get a turn: each means reading a file. */
const mostAtOnce = 5;

/** Samples that a model is measured on while someone waits. */
const checkedSamples = 200;

/** The calls about models. */
export function modelsCalls(application: Application) {
  const { workbench, settings, reach, library, inspector, uploads } = application;
  const { catalogue } = workbench;
  const dataDir = () => dataFolder(settings.current());
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
    import: calls.models.import.handler(async ({ input: { name, upload, trained }, signal }) => {
      const base = runsFolder(settings.current());
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
    check: calls.models.check.handler(async ({ input: { id }, signal }) => {
      const options = { dataDir: dataDir(), signal };
      const { samples, ...found } = await checkModel(inspector, catalogue.get(id), checkedSamples, options);
      return { ...found, samples: packSamples(samples) };
    }),
  };
}

function modelSummary({ workbench, summaries }: Application, run: CatalogueRun): ModelSummary {
  const { spec } = readRun(run);
  const training = spec.kind === 'classifier' ? spec.sound : {};
  return {
    run: summaries.of([run])[0]!,
    imported: training.imported === true,
    classesNote: training.classes_note ?? null,
    isTrainingKnown: training.train_data !== undefined,
    preprocessing: knownPreprocessing(run.folder),
    network: describedNetwork(run.folder),
    usedBy: workbench.catalogue.childrenOf(run.id),
  };
}
