import Plug from '@lucide/svelte/icons/plug';
import { defineScreen } from '../../app/screen.ts';

export const pluginsScreen = defineScreen({
  id: 'plugins',
  title: 'Plugins',
  parse: ([id]) => ({ id: id || null }),
  write: ({ id }) => (id === null ? '' : `/${encodeURIComponent(id)}`),
  rail: { group: 'library', icon: Plug },
  load: () => import('./PluginsScreen.svelte'),
});
