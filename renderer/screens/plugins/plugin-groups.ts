import type { PluginSummary } from '../../../shared/domain/plugin.ts';

/** Rows of the list that belong together. */
export interface PluginGroup {
  id: 'needs-you' | 'development' | 'on' | 'off';
  title: string;
  note: string;
  plugins: readonly PluginSummary[];
}

function groupOf({ state, isDevelopment }: PluginSummary): PluginGroup['id'] {
  if (state === 'ask' || state === 'error' || state === 'gone') return 'needs-you';
  if (state === 'off') return 'off';
  return isDevelopment ? 'development' : 'on';
}

/** The groups that have plugins, in the order in which they are shown; what waits for an answer first, then by title. */
export function pluginGroups(plugins: readonly PluginSummary[]): PluginGroup[] {
  const urgency = ({ state }: PluginSummary) => (state === 'ask' ? 0 : state === 'error' ? 1 : 2);
  const compare = (a: PluginSummary, b: PluginSummary) =>
    urgency(a) - urgency(b) || a.title.localeCompare(b.title) || a.id.localeCompare(b.id);
  const sorted = plugins.toSorted(compare);
  const of = (id: PluginGroup['id']) => sorted.filter((plugin) => groupOf(plugin) === id);
  const [asking, developed, on, off] = [of('needs-you'), of('development'), of('on'), of('off')];
  const groups: PluginGroup[] = [
    { id: 'needs-you', title: 'Needs you', note: `${asking.length}, shown first`, plugins: asking },
    { id: 'development', title: 'In development', note: 'saved files are checked at once', plugins: developed },
    { id: 'on', title: 'On', note: String(on.length), plugins: on },
    { id: 'off', title: 'Off', note: String(off.length), plugins: off },
  ];
  return groups.filter((group) => group.plugins.length > 0);
}

/** "5 on, 1 watched, 1 to allow". */
export function countWords(plugins: readonly PluginSummary[]): string {
  const count = (test: (plugin: PluginSummary) => boolean) => plugins.filter(test).length;
  const words = [
    [count(({ state }) => state === 'ready' || state === 'checking'), 'on'],
    [count(({ state, isDevelopment }) => isDevelopment && state !== 'off' && state !== 'gone'), 'watched'],
    [count(({ state }) => state === 'ask'), 'to allow'],
    [count(({ state }) => state === 'error'), 'with an error'],
  ] as const;
  return words.flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`])).join(', ');
}
