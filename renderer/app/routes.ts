import { wizardSteps } from '../../shared/domain/draft.ts';
import type { WizardStep } from '../../shared/domain/draft.ts';
import type { RunKind } from '../../shared/domain/run.ts';

/** Tabs of the run screen, in the order in which they stand. */
export const runTabs = ['overview', 'scores', 'layers', 'activations', 'samples', 'training', 'config', 'log'] as const;
export type RunTab = (typeof runTabs)[number];

/** The tabs that runs of a kind have: scores come of detectors, a training curve of classifiers. */
export function tabsOf(kind: RunKind | undefined): readonly RunTab[] {
  const others: readonly RunTab[] =
    kind === 'classifier' ? ['scores', 'layers', 'activations', 'samples'] : ['training'];
  return runTabs.filter((tab) => !others.includes(tab));
}

/** What a new experiment is to start from: an earlier run done again, a trained model, or a dataset. */
export interface StartingPoint {
  kind: (typeof startingPoints)[number];
  /** Of the run or model, or the dataset's name. */
  id: string;
}
const startingPoints = ['from', 'model', 'data'] as const;

/** Where the user is; the address after `#` says it. */
export type Route =
  | { screen: 'runs' }
  | { screen: 'run'; id: string; tab: RunTab }
  | { screen: 'new'; step: WizardStep; from: StartingPoint | null }
  | { screen: 'compare'; ids: string[] }
  | { screen: 'datasets'; name: string | null }
  | { screen: 'models'; id: string | null }
  | { screen: 'settings' };

const oneOf = <T extends string>(words: readonly T[], word: string | undefined, otherwise: T): T =>
  words.find((candidate) => candidate === word) ?? otherwise;

function startingPoint(query: URLSearchParams): StartingPoint | null {
  const kind = startingPoints.find((key) => query.has(key));
  return kind === undefined ? null : { kind, id: query.get(kind)! };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The route that an address names; what cannot be read is the list of runs. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [screen, ...rest] = path.split('/').map(decoded);
  const query = new URLSearchParams(search);
  const [first, second] = rest;
  switch (screen) {
    case 'runs':
      return first ? { screen: 'run', id: first, tab: oneOf(runTabs, second, 'overview') } : { screen: 'runs' };
    case 'new':
      return { screen: 'new', step: oneOf(wizardSteps, first, 'task'), from: startingPoint(query) };
    case 'compare':
      return { screen: 'compare', ids: (first ?? '').split(',').filter((id) => id !== '') };
    case 'datasets':
      return { screen: 'datasets', name: first || null };
    case 'models':
      return { screen: 'models', id: first || null };
    case 'settings':
      return { screen: 'settings' };
    default:
      return { screen: 'runs' };
  }
}

/** The address of a route, with `#`: for links. */
export function hrefOf(route: Route): string {
  switch (route.screen) {
    case 'run':
      return `#/runs/${encodeURIComponent(route.id)}${route.tab === 'overview' ? '' : `/${route.tab}`}`;
    case 'new':
      return `#/new/${route.step}${route.from === null ? '' : `?${route.from.kind}=${encodeURIComponent(route.from.id)}`}`;
    case 'compare':
      return `#/compare/${route.ids.map(encodeURIComponent).join(',')}`;
    case 'datasets':
      return route.name === null ? '#/datasets' : `#/datasets/${encodeURIComponent(route.name)}`;
    case 'models':
      return route.id === null ? '#/models' : `#/models/${encodeURIComponent(route.id)}`;
    default:
      return `#/${route.screen}`;
  }
}
