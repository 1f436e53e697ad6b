import Database from '@lucide/svelte/icons/database';
import { defineScreen } from '../../app/screen.ts';

export const datasetsScreen = defineScreen({
  id: 'datasets',
  title: 'Datasets',
  parse: ([name]) => ({ name: name || null }),
  write: ({ name }) => (name === null ? '' : `/${encodeURIComponent(name)}`),
  rail: { group: 'library', icon: Database },
  load: () => import('./DatasetsScreen.svelte'),
});
