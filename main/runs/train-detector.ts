import { outlineTask } from '../tasks/outline.ts';
import { describeTask, taskParents } from './task-words.ts';
import { trainDetectorParams } from './detector-params.ts';
import type { RunDefinition } from './run-definition.ts';
import { refuse } from '../../shared/misfit.ts';
import { pairingMisfits } from './pairing.ts';

export const trainDetector: RunDefinition<'detector'> = {
  id: 'train-detector',
  kind: 'detector',
  title: 'Fit a detector',
  summary: "Fit a detector on a task's trusted data and evaluate it at once",
  source: 'ejnnr/cupbearer, scripts.train_detector',
  params: trainDetectorParams,
  describe: (spec) => `${spec.detector.name} on ${describeTask(spec.task)}`,
  parents: (spec) => taskParents(spec.task),
  check: (spec, dataDir) => refuse(pairingMisfits(spec.detector, outlineTask(spec.task, dataDir))),
  run: async (spec, context) => (await import('./work/train-detector.ts')).runFitting(spec, context),
};
