import { parseEvaluationFile, type Evaluation } from '../../shared/domain/evaluation.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { evalFolders } from '../storage/run-folder.ts';
import { isThere, pathOf, within } from '../storage/within-folder.ts';
import { evaluationFile } from './evaluation-file.ts';

/** The folders with an evaluation in a run's folder: itself and those under `evals/`. */
export function evaluationFolders(folder: string): string[] {
  return [folder, ...evalFolders(folder)].filter(isEvaluated);
}

/** Returns whether the run in a folder has been evaluated. */
export function isEvaluated(folder: string): boolean {
  return isThere(within(folder, evaluationFile));
}

/** The evaluation in a folder. @throws CupbearerError `not-found` or `bad-data`. */
export function readEvaluation(folder: string): Evaluation {
  const place = within(folder, evaluationFile);
  return parseEvaluationFile(readJsonFile(place), pathOf(place));
}
