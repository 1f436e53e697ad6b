import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { parseTokenPooling, type TokenPooling } from '../../../shared/scores/token-pooling.ts';
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
  /** How the scores of tokens become that of a text; as the run did unless given. */
  pooling?: TokenPooling;
}

const sampleOf = (text: string | null) => (text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

function poolingOf(text: string | null): TokenPooling | undefined {
  if (text === null) return undefined;
  try {
    return parseTokenPooling(text);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

export const runScreen = defineScreen({
  id: 'run',
  title: 'Run',
  path: 'runs',
  parse([id, tab], query): RunPlace | null {
    if (!id) return null;
    const layer = query.get('layer') || undefined;
    const sample = sampleOf(query.get('sample'));
    const pooling = poolingOf(query.get('pooling'));
    return { id, tab: oneOf(runTabs, tab, 'overview'), ...given({ layer, sample, pooling }) };
  },
  write({ id, tab, layer, sample, pooling }) {
    const query = new URLSearchParams({
      ...given({ layer, sample: sample?.toString(), pooling: pooling?.toString() }),
    }).toString();
    return `/${encodeURIComponent(id)}${tab === 'overview' ? '' : `/${tab}`}${query === '' ? '' : `?${query}`}`;
  },
  partOf: 'runs',
  load: () => import('./RunScreen.svelte'),
});
