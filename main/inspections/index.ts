import type { InspectionContext } from './inspection.ts';

/**
 * Questions that need data, folders or an engine, by name. A new one is a file and a line here. Each is imported when
 * it is first asked, so that the host loads none of them and a process that lists datasets loads no engine.
 */
const inspections = {
  'preview-dataset': async () => (await import('./preview-dataset.ts')).previewDataset,
  'preview-draft': async () => (await import('./preview-draft.ts')).previewDraft,
  'run-samples': async () => (await import('./run-samples.ts')).runSamples,
  'run-sample': async () => (await import('./run-samples.ts')).runSample,
  'sample-tokens': async () => (await import('./sample-tokens.ts')).sampleTokens,
  'near-trusted': async () => (await import('./sample-tokens.ts')).nearTrusted,
  'metadata-columns': async () => (await import('./sample-tokens.ts')).metadataColumns,
  'metadata-values': async () => (await import('./sample-tokens.ts')).metadataValues,
  'find-samples': async () => (await import('./run-samples.ts')).findSamples,
  'estimate-draft': async () => (await import('./estimate-draft.ts')).estimateDraft,
  'list-datasets': async () => (await import('./dataset-summaries.ts')).listDatasetSummaries,
  'describe-dataset': async () => (await import('./dataset-summaries.ts')).datasetSummary,
  'dataset-infos': async () => (await import('./dataset-infos.ts')).datasetInfos,
  'download-dataset': async () => (await import('./download-dataset.ts')).downloadNamed,
  'import-dataset': async () => (await import('./import-dataset.ts')).importNamed,
  'import-model': async () => (await import('./import-model.ts')).importModelFiles,
  'state-training': async () => (await import('./import-model.ts')).stateModelTraining,
  'check-model': async () => (await import('./check-model.ts')).checkModel,
  'run-result': async () => (await import('./results.ts')).resultOfRun,
  'run-pooling': async () => (await import('./results.ts')).poolingOfRun,
  'run-scores': async () => (await import('./results.ts')).scoresOfRun,
  'run-plane': async () => (await import('./results.ts')).planeOfRun,
  'compare-runs': async () => (await import('./results.ts')).comparisonOfRuns,
  'compare-for-window': async () => (await import('./results.ts')).packedComparison,
  'make-report': async () => (await import('./results.ts')).reportOfRuns,
  'plan-experiment': async () => (await import('./experiments.ts')).planOf,
  'experiment-view': async () => (await import('./experiments.ts')).viewOfExperiment,
  'experiment-layers': async () => (await import('./experiments.ts')).layersOfExperiment,
  'experiment-table': async () => (await import('./experiments.ts')).tableOfExperiment,
  'experiment-figure': async () => (await import('./experiments.ts')).figureOfExperiment,
  'experiment-report': async () => (await import('./experiments.ts')).reportOfExperiment,
  'experiment-of-report': async () => (await import('./experiments.ts')).experimentOfReport,
  'find-runs': async () => (await import('./find-runs.ts')).findRuns,
  'folder-sizes': async () => (await import('./trash-folders.ts')).folderSizes,
  'delete-folders': async () => (await import('./trash-folders.ts')).deleteTrashFolders,
  'run-files': async () => (await import('./run-files.ts')).runFiles,
  'list-presets': async () => (await import('./list-presets.ts')).presetsHere,
  'check-draft': async () => (await import('./check-draft.ts')).checkDraft,
  'describe-draft': async () => (await import('./check-draft.ts')).describeDraft,
  'draft-network': async () => (await import('./check-draft.ts')).draftNetworkDescription,
  'check-run': async () => (await import('../runs/index.ts')).checkRun,
  'activation-cache': async () => (await import('./activation-cache.ts')).activationCacheState,
  'test-onnx': async () => (await import('../models/onnx/runtime.ts')).testRuntime,
  'browse-folder': async () => (await import('./browse-folder.ts')).browseFolder,
  'look-at-recorded': async () => (await import('./look-at-recorded.ts')).lookAtRecorded,
  'count-recorded': async () => (await import('./count-recorded.ts')).countRecorded,
  'plugin-summaries': async () => (await import('./plugins.ts')).pluginSummaries,
  'add-plugin': async () => (await import('./plugins.ts')).addPlugin,
  'create-plugin': async () => (await import('./plugins.ts')).makePlugin,
  'check-plugin': async () => (await import('./plugins.ts')).checkPlugin,
  'allow-plugin': async () => (await import('./plugins.ts')).allowPlugin,
  'enable-plugin': async () => (await import('./plugins.ts')).enablePlugin,
  'choose-python': async () => (await import('./plugins.ts')).choosePython,
  'plugin-environments': async () => (await import('./plugins.ts')).pluginEnvironments,
  'remove-plugin': async () => (await import('./plugins.ts')).removePlugin,
  'take-plugin': async () => (await import('./plugins.ts')).takePlugin,
  'plugin-changes': async () => (await import('./plugins.ts')).pluginChanges,
  'await-plugin-changes': async () => (await import('./plugins.ts')).awaitPluginChanges,
  'draw-trigger': async () => (await import('./draw-trigger.ts')).drawTrigger,
};

export type InspectionName = keyof typeof inspections;
type Inspection<N extends InspectionName> = Awaited<ReturnType<(typeof inspections)[N]>>;
export type Question<N extends InspectionName> = Parameters<Inspection<N>>[0];
export type Answer<N extends InspectionName> = Awaited<ReturnType<Inspection<N>>>;

/** Answers the question of this name. @throws CupbearerError what answering it throws. */
export async function inspect<N extends InspectionName>(
  name: N,
  question: Question<N>,
  context: InspectionContext,
): Promise<Answer<N>> {
  const answer = (await inspections[name]()) as (question: Question<N>, context: InspectionContext) => Answer<N>;
  return answer(question, context);
}
