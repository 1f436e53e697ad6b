import { hashFile } from '../../storage/content-hash.ts';
import { readHeldOutScores } from '../../storage/held-out-scores.ts';
import { holdsRun, readSpec, readTokens } from '../../storage/run-folder.ts';
import type { Task } from '../../tasks/task.ts';
import { detectorFile, readDetector } from '../detector-file.ts';
import type { EvalDetectorSpec } from '../detector-params.ts';
import { PhaseTimer, type RunContext, type RunOutcome } from '../run-definition.ts';
import { fittedDetectorFolder } from '../fitted-detector.ts';
import { buildTask } from './build-task.ts';
import { withFiguresOfClassifier } from './context-figures.ts';
import { evaluateDetector } from './evaluate.ts';
import { tellOfKept } from './kept-activations.ts';

/** Whether a task looks at the model that a detector was fitted on: on another one its held-out samples score otherwise. */
function sameModel(detectorFolder: string, { fingerprints }: Task): boolean {
  if (!holdsRun(detectorFolder)) return false;
  const fitted = readSpec(detectorFolder).fingerprints['model'];
  return fitted !== undefined && fitted === fingerprints['model'];
}

/** Evaluates a fitted detector on the task that a spec asks for. */
export async function runEvaluation(spec: EvalDetectorSpec, context: RunContext): Promise<RunOutcome> {
  const timer = new PhaseTimer();
  const detectorFolder = fittedDetectorFolder(spec.detector);
  const detector = readDetector(detectorFolder);
  const task = await timer.measure('data', () => buildTask(spec.task, context));
  for (const layer of detector.layers) task.source.activationShape(layer);
  const subject = { detectorFolder, task: spec.task, seed: spec.seed };
  const heldOut = sameModel(detectorFolder, task)
    ? {
        heldOutScores: readHeldOutScores(detectorFolder),
        heldOutTokens: readTokens(detectorFolder, { heldOut: true }),
      }
    : {};
  const evaluated = await evaluateDetector(detector, task, subject, { ...spec, ...heldOut }, context, timer);
  const metrics = withFiguresOfClassifier(task, evaluated);
  tellOfKept(context);
  task.source.dispose();
  return {
    metrics,
    timings: timer.timings,
    fingerprints: { ...task.fingerprints, detector: hashFile(detectorFile(detectorFolder)) },
  };
}
