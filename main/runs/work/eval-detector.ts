import { hashFile } from '../../storage/content-hash.ts';
import { detectorFile, readDetector } from '../detector-file.ts';
import type { EvalDetectorSpec } from '../detector-params.ts';
import { PhaseTimer, type RunContext, type RunOutcome } from '../run-definition.ts';
import { fittedDetectorFolder } from '../fitted-detector.ts';
import { buildTask } from './build-task.ts';
import { withFiguresOfClassifier } from './context-figures.ts';
import { evaluateDetector } from './evaluate.ts';
import { tellOfKept } from './kept-activations.ts';

/** Evaluates a fitted detector on the task that a spec asks for. */
export async function runEvaluation(spec: EvalDetectorSpec, context: RunContext): Promise<RunOutcome> {
  const timer = new PhaseTimer();
  const detectorFolder = fittedDetectorFolder(spec.detector);
  const detector = readDetector(detectorFolder);
  const task = await timer.measure('data', () => buildTask(spec.task, context));
  for (const layer of detector.layers) task.network.activationShape(layer);
  const subject = { detectorFolder, task: spec.task, seed: spec.seed };
  const evaluated = await evaluateDetector(detector, task, subject, spec, context, timer);
  const metrics = withFiguresOfClassifier(task, evaluated);
  tellOfKept(context);
  task.network.dispose();
  return {
    metrics,
    timings: timer.timings,
    fingerprints: { ...task.fingerprints, detector: hashFile(detectorFile(detectorFolder)) },
  };
}
