import { z } from 'zod';
import { defaultPick } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { taskRegistry } from '../tasks/index.ts';
import { anomalousWord } from '../tasks/task.ts';
import { buildTask, describeTask, outlineTask, taskParents } from './build-task.ts';
import { fitDetector, writeDetector } from './detection.ts';
import { detectionParams } from './detector-params.ts';
import { drawExamples } from './figures.ts';
import { evaluateDetector } from './evaluate.ts';
import { defineExperiment, PhaseTimer } from './experiment.ts';
import { planDetection } from './pairing.ts';

export const trainDetector = defineExperiment({
  id: 'train-detector',
  kind: 'detector',
  title: 'Fit a detector',
  summary: "Fit a detector on a task's trusted data and evaluate it at once",
  source: 'ejnnr/cupbearer, scripts.train_detector',
  params: z.object({
    detector: defaultPick(() => detectorRegistry, { label: 'Detector', help: 'The method', default: 'mahalanobis' }),
    ...detectionParams,
  }),
  describe: (spec) => `${spec.detector.name} on ${describeTask(spec.task)}`,
  parents: (spec) => taskParents(spec.task),
  check: (spec) => void planDetection(spec.detector, outlineTask(spec.task)),

  async run(spec, context) {
    const timer = new PhaseTimer();
    const task = await timer.measure('data', () => buildTask(spec.task, context));
    const detector = await timer.measure('fitting', () =>
      fitDetector(spec.detector, task, spec.seed, spec.batch_size, context),
    );
    writeDetector(context.folder, detector);
    const word = anomalousWord(taskRegistry.get(spec.task.name));
    drawExamples(context.folder, task, describeTask(spec.task), word);
    const subject = { detectorFolder: context.folder, task: spec.task, seed: spec.seed };
    const metrics = await evaluateDetector(detector, task, subject, spec, context, timer);
    task.network.dispose();
    return { metrics, timings: timer.timings, fingerprints: task.fingerprints };
  },
});
