import { describe } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { given } from '../../../shared/given.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { hashFile } from '../../storage/content-hash.ts';
import { writeHeldOutScores } from '../../storage/held-out-scores.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { anomalousWord } from '../../tasks/task.ts';
import { writeDetector } from '../detector-file.ts';
import type { TrainDetectorSpec } from '../detector-params.ts';
import { PhaseTimer, type RunContext, type RunOutcome } from '../run-definition.ts';
import { describeTask } from '../task-words.ts';
import { buildTask } from './build-task.ts';
import { withFiguresOfClassifier, poisonShare } from './context-figures.ts';
import { fitDetector, scoreHeldOut } from './detection.ts';
import { evaluateDetector } from './evaluate.ts';
import { drawExamples } from './figures.ts';
import { tellOfKept } from './kept-activations.ts';
import { calibrationPart } from './held-out.ts';

/**
 * Returns the SHA-256 of the files that a detector starts from, by parameter. @throws CupbearerError `not-found`,
 * `storage`.
 */
function detectorFiles(detector: Picked): Record<string, string> {
  const fields = describe(detectorRegistry.get(detector.name).params).filter(({ isPath }) => isPath);
  const given = fields.filter(({ key }) => detector[key] !== undefined);
  return Object.fromEntries(given.map(({ key }) => [`detector.${key}`, hashFile(detector[key] as string)]));
}

/** Fits the detector of a spec and evaluates it. */
export async function runFitting(spec: TrainDetectorSpec, context: RunContext): Promise<RunOutcome> {
  const timer = new PhaseTimer();
  const task = await timer.measure('data', () => buildTask(spec.task, context));
  const files = detectorFiles(spec.detector);
  const { fitting, heldOut } = calibrationPart(task, spec.held_out, spec.seed);
  const detector = await timer.measure('fitting', () =>
    fitDetector(spec.detector, { ...task, trusted: fitting }, spec.seed, spec.batch_size, context),
  );
  writeDetector(context.folder, detector);
  const calibration =
    heldOut &&
    (await timer.measure('calibrating', () =>
      scoreHeldOut(detector, task, heldOut, spec.seed, spec.batch_size, context),
    ));
  if (calibration) writeHeldOutScores(context.folder, calibration.scores);
  const word = anomalousWord(taskRegistry.get(spec.task.name));
  drawExamples(context.folder, task, describeTask(spec.task), word);
  const subject = { detectorFolder: context.folder, task: spec.task, seed: spec.seed };
  const { needs } = detectorRegistry.get(spec.detector.name);
  const poison = needs.untrusted ? await poisonShare(task, spec.batch_size, context) : undefined;
  const metrics = {
    ...withFiguresOfClassifier(
      task,
      await evaluateDetector(
        detector,
        task,
        subject,
        { ...spec, heldOutScores: calibration?.scores, heldOutTokens: calibration?.tokens },
        context,
        timer,
      ),
    ),
    ...given({ poison_share: poison }),
  };
  tellOfKept(context);
  task.source.dispose();
  return { metrics, timings: timer.timings, fingerprints: { ...task.fingerprints, ...files } };
}
