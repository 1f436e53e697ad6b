import type { WizardStep } from '../../../shared/domain/draft.ts';

export const stepTitles: Record<WizardStep, string> = {
  task: 'Task',
  model: 'Model',
  detectors: 'Detectors',
  evaluation: 'Evaluation',
  review: 'Review',
};
