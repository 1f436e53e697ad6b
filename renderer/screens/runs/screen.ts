import List from '@lucide/svelte/icons/list';
import { defineScreen } from '../../app/screen.ts';

export const runsScreen = defineScreen({
  id: 'runs',
  title: 'Runs',
  // Followed by an id, the address is that of one run.
  parse: ([id]) => (id ? null : {}),
  rail: { group: 'work', icon: List },
  load: () => import('./RunsScreen.svelte'),
});
