import type { Picked } from '../../shared/schema/fields.ts';
import { hashFile, hashJson } from '../storage/content-hash.ts';
import { taskRegistry } from '../tasks/index.ts';
import { detectorFile } from './detector-file.ts';

/** The file with an evaluation's metrics. */
export const evaluationFile = 'eval.json';

/** What an evaluation is of. Two evaluations with the same key have the same result. */
export interface EvaluationSubject {
  /** Folder whose `detector.safetensors` is evaluated. */
  detectorFolder: string;
  task: Picked;
  seed: number;
}

/** A name for everything that an evaluation's result depends on, found without loading any data. */
export function evaluationKey({ detectorFolder, task, seed }: EvaluationSubject): string {
  const { name, ...params } = task;
  return hashJson({
    detector: hashFile(detectorFile(detectorFolder)),
    task,
    dependencies: taskRegistry.get(name).dependencies(params),
    seed,
  });
}
