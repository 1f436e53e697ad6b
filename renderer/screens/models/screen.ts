import Waypoints from '@lucide/svelte/icons/waypoints';
import { defineScreen } from '../../app/screen.ts';

export const modelsScreen = defineScreen({
  id: 'models',
  title: 'Models',
  parse: ([id]) => ({ id: id || null }),
  write: ({ id }) => (id === null ? '' : `/${encodeURIComponent(id)}`),
  rail: { group: 'library', icon: Waypoints },
  load: () => import('./ModelsScreen.svelte'),
});
