import Plus from '@lucide/svelte/icons/plus';
import { wizardSteps, type WizardStep } from '../../../shared/domain/draft.ts';
import { defineScreen, oneOf } from '../../app/screen.ts';
import { parseStartingPoint, type StartingPoint } from './starting-point.ts';

interface Place {
  step: WizardStep;
  from: StartingPoint | null;
}

export const experimentScreen = defineScreen({
  id: 'new',
  title: 'New experiment',
  parse: ([step], query): Place => ({ step: oneOf(wizardSteps, step, 'task'), from: parseStartingPoint(query) }),
  write: ({ step, from }) => `/${step}${from === null ? '' : `?${from.kind}=${encodeURIComponent(from.id)}`}`,
  rail: { group: 'work', icon: Plus },
  letter: 'N',
  load: () => import('./ExperimentScreen.svelte'),
});
