import Grid from '@lucide/svelte/icons/grid-3x3';
import { defineScreen } from '../../app/screen.ts';

export const experimentsScreen = defineScreen({
  id: 'experiments',
  title: 'Experiments',
  // With an id behind it, the address is that of one experiment.
  parse: ([id]) => (id ? null : {}),
  rail: { group: 'work', icon: Grid },
  load: () => import('./ExperimentsScreen.svelte'),
});
