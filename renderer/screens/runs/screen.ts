import List from '@lucide/svelte/icons/list';
import { defineScreen } from '../../app/screen.ts';
import { parsePlace, writePlace, type RunsPlace } from './place.ts';

export const runsScreen = defineScreen({
  id: 'runs',
  title: 'Runs',
  // Followed by an id, the address is that of one run.
  parse: ([id], query): RunsPlace | null => (id ? null : parsePlace(query)),
  write: (place) => writePlace(place),
  rail: { group: 'work', icon: List },
  load: () => import('./RunsScreen.svelte'),
});
