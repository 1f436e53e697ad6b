import type { Misfit } from '../../shared/misfit.ts';
import { command as commandLine, worded } from '../../shared/wording.ts';
import { nameOf, originalDataOf, unknownTrainingMisfits, type ClassifierData } from './classifier.ts';

/** The only dataset that a task's classifier may be trained on, and the command that trains one. */
export interface TrainedOn {
  dataset: string;
  command: string;
}

/** A classifier that was trained on another dataset than the task is about. */
export function trainingMisfits({ dataset, command }: TrainedOn, classifier: ClassifierData): Misfit[] {
  const unknown = unknownTrainingMisfits(classifier);
  if (unknown.length > 0) return unknown;
  const { name } = originalDataOf(classifier);
  if (name === dataset) return [];
  const message = `Expected a classifier trained on ${dataset}; ${nameOf(classifier).replace('The', 'the')} was trained on ${name}.`;
  return [
    {
      path: ['name'],
      message,
      hint: worded`Train one with: ${commandLine(`npx cupbearer ${command}`)}`,
    },
  ];
}
