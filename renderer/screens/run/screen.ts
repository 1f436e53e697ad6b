import { defineScreen, oneOf } from '../../app/screen.ts';
import { given } from '../../../shared/given.ts';
import { runTabs, type RunTab } from './run-tabs.ts';

/** A part of a run's page, and what it shows there. */
export interface RunPlace {
  id: string;
  tab: RunTab;
  /** Id of the layer that was picked; the headline's where none was. */
  layer?: string;
  /** The test sample that is looked at, by its place in the score arrays. */
  sample?: number;
}

export const runScreen = defineScreen({
  id: 'run',
  title: 'Run',
  path: 'runs',
  parse: ([id, tab], query): RunPlace | null => {
    if (!id) return null;
    const sample = /^\d{1,9}$/.exec(query.get('sample') ?? '')?.[0];
    return {
      id,
      tab: oneOf(runTabs, tab, 'overview'),
      ...given({ layer: query.get('layer') ?? undefined }),
      ...(sample === undefined ? {} : { sample: Number(sample) }),
    };
  },
  write: ({ id, tab, layer, sample }) => {
    const query = new URLSearchParams({
      ...given({ layer }),
      ...(sample === undefined ? {} : { sample: String(sample) }),
    }).toString();
    return `/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}${query === '' ? '' : `?${query}`}`;
  },
  partOf: 'runs',
  load: () => import('./RunScreen.svelte'),
});
