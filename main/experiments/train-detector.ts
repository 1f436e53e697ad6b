import { z } from 'zod';
import { describe } from '../../shared/schema/describe.ts';
import { defaultPick, type Picked } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { hashFile } from '../storage/content-hash.ts';
import { taskRegistry } from '../tasks/index.ts';
import { outlineTask } from '../tasks/outline.ts';
import { anomalousWord } from '../tasks/task.ts';
import { buildTask, describeTask, taskParents } from './build-task.ts';
import { fitDetector, writeDetector } from './detection.ts';
import { detectionParams } from './detector-params.ts';
import { drawExamples } from './figures.ts';
import { evaluateDetector } from './evaluate.ts';
import { defineExperiment, PhaseTimer } from './experiment.ts';
import { planDetection } from './pairing.ts';

/** SHA-256 of the files that a detector is told to start from, by parameter. @throws CupbearerError `not-found`, `storage`. */
function detectorFiles(detector: Picked): Record<string, string> {
  const fields = describe(detectorRegistry.get(detector.name).params).filter(({ isPath }) => isPath);
  const given = fields.filter(({ key }) => detector[key] !== undefined);
  return Object.fromEntries(given.map(({ key }) => [`detector.${key}`, hashFile(detector[key] as string)]));
}

/** What can be asked of the fitting of a detector. */
export const trainDetectorParams = z.object({
  detector: defaultPick(() => detectorRegistry, { label: 'Detector', help: 'The method', default: 'mahalanobis' }),
  ...detectionParams,
});

export const trainDetector = defineExperiment({
  id: 'train-detector',
  kind: 'detector',
  title: 'Fit a detector',
  summary: "Fit a detector on a task's trusted data and evaluate it at once",
  source: 'ejnnr/cupbearer, scripts.train_detector',
  params: trainDetectorParams,
  describe: (spec) => `${spec.detector.name} on ${describeTask(spec.task)}`,
  parents: (spec) => taskParents(spec.task),
  check: (spec) => void planDetection(spec.detector, outlineTask(spec.task)),

  async run(spec, context) {
    const timer = new PhaseTimer();
    const task = await timer.measure('data', () => buildTask(spec.task, context));
    const files = detectorFiles(spec.detector);
    const detector = await timer.measure('fitting', () =>
      fitDetector(spec.detector, task, spec.seed, spec.batch_size, context),
    );
    writeDetector(context.folder, detector);
    const word = anomalousWord(taskRegistry.get(spec.task.name));
    drawExamples(context.folder, task, describeTask(spec.task), word);
    const subject = { detectorFolder: context.folder, task: spec.task, seed: spec.seed };
    const metrics = await evaluateDetector(detector, task, subject, spec, context, timer);
    task.network.dispose();
    return { metrics, timings: timer.timings, fingerprints: { ...task.fingerprints, ...files } };
  },
});
