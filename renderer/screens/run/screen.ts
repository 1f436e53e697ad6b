import { given } from '../../../shared/given.ts';
import { defineScreen, oneOf } from '../../app/screen.ts';
import { runTabs, type RunTab } from './run-tabs.ts';

/** A place in a run's page. */
interface RunPlace {
  id: string;
  tab: RunTab;
  /** The layer that is looked at; the result's own choice unless given. */
  layer?: string;
  /** The sample that is inspected, by its place in the score arrays. */
  sample?: number;
}

const sampleOf = (text: string | null) => (text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

export const runScreen = defineScreen({
  id: 'run',
  title: 'Run',
  path: 'runs',
  parse([id, tab], query): RunPlace | null {
    if (!id) return null;
    const layer = query.get('layer') || undefined;
    return { id, tab: oneOf(runTabs, tab, 'overview'), ...given({ layer, sample: sampleOf(query.get('sample')) }) };
  },
  write({ id, tab, layer, sample }) {
    const query = new URLSearchParams({
      ...given({ layer }),
      ...(sample === undefined ? {} : { sample: String(sample) }),
    }).toString();
    return `/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}${query === '' ? '' : `?${query}`}`;
  },
  partOf: 'runs',
  load: () => import('./RunScreen.svelte'),
});
