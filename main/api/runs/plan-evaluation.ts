import { CupbearerError } from '../../../shared/errors.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { slug } from '../../../shared/slug.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { fittedDetectorFolder } from '../../runs/fitted-detector.ts';
import { evaluationKey } from '../../runs/evaluation-file.ts';
import { evaluationFolders, isEvaluated, readEvaluation } from '../../runs/stored-evaluations.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { evalFolder, holdsRun } from '../../storage/run-folder.ts';

/** Where the result of an evaluation is, or will go. */
interface EvaluationPlan {
  /** Folder that has the result of this evaluation already. */
  existing?: string;
  /**
   * Folder of the run that the evaluation belongs to: one with results of its own, or an evaluation that was
   * interrupted.
   */
  owner?: string;
  /** Folder for a new run; by default one named by date. */
  folder?: string;
}

/**
 * Decides where an evaluation into `folder` goes. In a folder without a run it becomes a run of its own. A run's first
 * evaluation goes into the run's folder, any other into `evals/<name>/` there.
 * @throws CupbearerError `not-found` if the spec names a detector or model that does not exist.
 */
export function planEvaluation(
  { params: { task, detector, seed } }: ParsedSpec<'evaluation'>,
  folder: string | undefined,
): EvaluationPlan {
  const key = evaluationKey({ detectorFolder: fittedDetectorFolder(detector), task, seed });
  if (folder === undefined) return {};
  if (!holdsRun(folder)) return { folder };

  const existing = evaluationFolders(folder).find((candidate) => keyIn(candidate) === key);
  if (existing === folder) return { existing, owner: folder };
  if (existing !== undefined) return { existing, owner: existing };
  if (!isEvaluated(folder)) return { owner: folder };
  const further = evalFolder(folder, `${evaluationName(task)}-${key.slice(0, 6)}`);
  return holdsRun(further) ? { owner: further } : { folder: further };
}

function keyIn(folder: string): string | undefined {
  try {
    return readEvaluation(folder).about.key;
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    throw new CupbearerError(error.code, error.message, { hint: 'Remove this file to have it computed again.' });
  }
}

/** A word or two for a folder's name: "backdoor-noise". */
function evaluationName({ name, ...params }: Picked): string {
  return slug(`${name} ${taskRegistry.get(name).describe(params)}`);
}
