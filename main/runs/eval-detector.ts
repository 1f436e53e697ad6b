import { outlineTask } from '../tasks/outline.ts';
import { describeTask, taskParents } from './task-words.ts';
import { detectorLayers } from './detector-file.ts';
import { evalDetectorParams } from './detector-params.ts';
import type { RunDefinition } from './run-definition.ts';
import { fittedDetectorFolder, fittedDetectorPath } from './fitted-detector.ts';

export const evalDetector: RunDefinition<'evaluation'> = {
  id: 'eval-detector',
  kind: 'evaluation',
  title: 'Evaluate a detector',
  summary: 'Evaluate a fitted detector on the task it was fitted for, or on another',
  source: 'ejnnr/cupbearer, scripts.eval_detector',
  params: evalDetectorParams,
  describe: (spec) => `evaluation on ${describeTask(spec.task)}`,
  parents: (spec) => [fittedDetectorPath(spec.detector), ...taskParents(spec.task)],

  check(spec, dataDir) {
    const { source } = outlineTask(spec.task, dataDir);
    for (const layer of detectorLayers(fittedDetectorFolder(spec.detector))) source?.activationShape(layer);
  },

  run: async (spec, context) => (await import('./work/eval-detector.ts')).runEvaluation(spec, context),
};
