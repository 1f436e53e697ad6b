import { defineScreen, oneOf } from '../../app/screen.ts';
import { runTabs } from './run-tabs.ts';

export const runScreen = defineScreen({
  id: 'run',
  title: 'Run',
  path: 'runs',
  parse: ([id, tab]) => (id ? { id, tab: oneOf(runTabs, tab, 'overview') } : null),
  write: ({ id, tab }) => `/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}`,
  partOf: 'runs',
  load: () => import('./RunScreen.svelte'),
});
