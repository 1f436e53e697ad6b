import { z } from 'zod';
import { Registry, type Definition } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { defaultPick, requiredPath, type Picked } from '../../shared/schema/fields.ts';
import { hashFile } from '../storage/content-hash.ts';
import { requireRun } from '../storage/run-folder.ts';
import { isThere } from '../storage/within-folder.ts';
import { outlineTask } from '../tasks/outline.ts';
import { buildTask, describeTask, taskParents } from './build-task.ts';
import { detectorFile, detectorLayers, readDetector } from './detection.ts';
import { detectionParams } from './detector-params.ts';
import { evaluateDetector } from './evaluate.ts';
import { defineExperiment, PhaseTimer } from './experiment.ts';

const fromRun: Definition = {
  id: 'from_run',
  title: 'From a run',
  summary: 'A detector that an earlier run has fitted',
  source: 'ejnnr/cupbearer, detectors.StoredDetector',
  params: z.object({ path: requiredPath({ label: 'Detector run', help: 'Run folder of the fitted detector' }) }),
};

/** Where the detector of an evaluation may come from. */
export const fittedDetectorRegistry = new Registry<Definition>('detector', [fromRun]);

/** The path in a pick out of {@link fittedDetectorRegistry}. */
const pathOf = (detector: Picked) => String(detector['path']);

/** Folder of the fitted detector that a spec names. @throws CupbearerError `not-found` where there is none. */
export function fittedDetectorFolder(detector: Picked): string {
  const folder = requireRun(pathOf(detector));
  if (isThere(detectorFile(folder))) return folder;
  throw new CupbearerError('not-found', `There is no fitted detector in ${folder}: it has no detector.safetensors.`, {
    hint: 'Fit one with: npx cupbearer train-detector --dir.full FOLDER',
  });
}

/** What can be asked of an evaluation. */
export const evalDetectorParams = z.object({
  detector: defaultPick(() => fittedDetectorRegistry, {
    label: 'Detector',
    help: 'The fitted detector',
    default: 'from_run',
  }),
  ...detectionParams,
});

export const evalDetector = defineExperiment({
  id: 'eval-detector',
  kind: 'evaluation',
  title: 'Evaluate a detector',
  summary: 'Evaluate a fitted detector on a task, be it the one it was fitted for or another',
  source: 'ejnnr/cupbearer, scripts.eval_detector',
  params: evalDetectorParams,
  describe: (spec) => `evaluation on ${describeTask(spec.task)}`,
  parents: (spec) => [pathOf(spec.detector), ...taskParents(spec.task)],

  check(spec) {
    const { network } = outlineTask(spec.task);
    for (const layer of detectorLayers(fittedDetectorFolder(spec.detector))) network.activationShape(layer);
  },

  async run(spec, context) {
    const timer = new PhaseTimer();
    const detectorFolder = fittedDetectorFolder(spec.detector);
    const detector = readDetector(detectorFolder);
    const task = await timer.measure('data', () => buildTask(spec.task, context));
    for (const layer of detector.layers) task.network.activationShape(layer);
    const subject = { detectorFolder, task: spec.task, seed: spec.seed };
    const metrics = await evaluateDetector(detector, task, subject, spec, context, timer);
    task.network.dispose();
    return {
      metrics,
      timings: timer.timings,
      fingerprints: { ...task.fingerprints, detector: hashFile(detectorFile(detectorFolder)) },
    };
  },
});
