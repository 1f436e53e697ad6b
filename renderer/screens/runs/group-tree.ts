import type { RunSummary } from '../../../shared/domain/live.ts';
import { counted, formatCount, inSentence } from '../../../shared/format.ts';
import { ownDetails, tellingDetails } from '../../../shared/run-names.ts';
import type { RunDetailWords } from '../../../shared/domain/live.ts';
import { bySetting } from './figures.ts';

/** A field that runs are grouped by. */
export interface Grouping {
  id: string;
  label: string;
  /** "detectors" */
  plural: string;
  /** The values of a run, of which it may have several, as with tags; none for the last group. */
  of: (run: RunSummary) => readonly string[];
  /** What a value is called. */
  title: (value: string) => string;
  /** What those without a value are called. */
  without: string;
}

/** A line of the table. Its id names its place, too: a run with two tags may stand in two groups. */
export type Item = HeadItem | GroupItem | RunItem | MoreItem;

/** The head of a part of the table. */
export interface HeadItem {
  type: 'head';
  id: string;
  title: string;
  count: number;
  note: string;
}

/** Runs with one value of a field, or with one setting. */
export interface GroupItem {
  type: 'group';
  id: string;
  level: number;
  /** The field; null for the seeds of one setting. */
  field: string | null;
  /** "" for runs without one. */
  value: string;
  title: string;
  runs: readonly RunSummary[];
  isOpen: boolean;
}

interface RunItem {
  type: 'run';
  id: string;
  level: number;
  run: RunSummary;
  /** In what it differs from its neighbours; "" in a list without groups. */
  title: string;
}

/** Stands for lines of a group that are not shown yet. */
export interface MoreItem {
  type: 'more';
  id: string;
  level: number;
  /** The group whose lines they are. */
  of: string;
  title: string;
}

/** How a table is grouped and what of it is open. */
interface GroupState {
  groupings: readonly Grouping[];
  /** Groups whose fold is not as it is at first. */
  turned: ReadonlySet<string>;
  /** How many lines of a group are shown, where more than at first. */
  shown: ReadonlyMap<string, number>;
  /** What a setting is put in order by: its mean of this figure; null to leave it where its first run is. */
  rank: { of: (run: RunSummary) => number | null | undefined; descending: boolean } | null;
  /** Groups are in the order of their names rather than where their first run is. */
  byName: 'ascending' | 'descending' | null;
  /** Words for what runs are about, by the fields that tell it: "detector", "task", "model". */
  aspects: (run: RunSummary) => readonly { field: string; words: string }[];
  parentsOf: (run: RunSummary) => readonly RunSummary[];
  /** What values of fields depend on besides the runs: groups are kept as long as all of these are the same. */
  words: readonly unknown[];
}

/** Lines of a group that are shown at first; a group of a few more shows all. */
const shownAtFirst = 6;
const fewMore = 2;
/** More top groups than these are folded at first. */
const mostOpen = 8;
/** Lines that "Show more" adds at most. */
export const addedLines = 200;

/** Returns the lines of runs in groups; the runs are in the order of the table, and groups come where their first run is. */
export function groupedItems(runs: readonly RunSummary[], state: GroupState): Item[] {
  return new Tree(state).items(runs);
}

class Tree {
  readonly #state: GroupState;
  readonly #items: Item[] = [];

  constructor(state: GroupState) {
    this.#state = state;
  }

  items(runs: readonly RunSummary[]): Item[] {
    const [outermost] = this.#state.groupings;
    const groups = outermost ? this.#named(this.#groupsOf(runs, outermost), outermost) : [];
    for (const { value, runs: own } of groups) this.#addGroup(own, value, 0, '', groups.length <= mostOpen);
    return this.#items;
  }

  #addGroup(runs: readonly RunSummary[], value: string, level: number, above: string, isOpenAtFirst: boolean): void {
    const grouping = this.#state.groupings[level];
    if (!grouping) return;
    const id = `${above}${grouping.id}=${value}/`;
    const isOpen = isOpenAtFirst !== this.#state.turned.has(id);
    const title = value === '' ? grouping.without : grouping.title(value);
    this.#items.push({ type: 'group', id, level, field: grouping.id, value, title, runs, isOpen });
    if (!isOpen) return;
    const inner = this.#state.groupings[level + 1];
    if (inner) this.#addGroups(runs, inner, level + 1, id);
    else this.#addSettings(runs, level + 1, id);
  }

  #addGroups(runs: readonly RunSummary[], grouping: Grouping, level: number, above: string): void {
    const groups = this.#named(this.#groupsOf(runs, grouping), grouping);
    const count = this.#countShown(above, groups.length);
    for (const { value, runs: own } of groups.slice(0, count)) this.#addGroup(own, value, level, above, false);
    const hidden = groups.slice(count);
    const without = hidden.find(({ value }) => value === '');
    const named = hidden.length - (without ? 1 : 0);
    const words = [
      named > 0 ? `${formatCount(named)} more ${named === 1 ? inSentence(grouping.label) : grouping.plural}` : '',
      without ? `${formatCount(without.runs.length)} ${inSentence(grouping.without)}` : '',
    ];
    this.#addMore(above, level, words.filter(Boolean).join(' and '));
  }

  #addSettings(runs: readonly RunSummary[], level: number, above: string): void {
    const settings = this.#ranked(settingsOf(runs));
    const count = this.#countShown(above, settings.length);
    const titles = this.#titlesOf(settings.slice(0, count).map((own) => lowestSeed(own)));
    for (const [i, own] of settings.slice(0, count).entries()) this.#addSetting(own, titles[i] ?? '', level, above);
    const hidden = settings.slice(count);
    const isEachOne = hidden.every((own) => own.length === 1);
    this.#addMore(above, level, hidden.length === 0 ? '' : `${formatCount(hidden.length)} more ${hidden.length === 1 ? (isEachOne ? 'run' : 'setting') : isEachOne ? 'runs' : 'settings'}`); // prettier-ignore
  }

  #addSetting(runs: readonly RunSummary[], title: string, level: number, above: string): void {
    const [run] = runs;
    if (!run) return;
    if (runs.length === 1) {
      const seed = `seed ${run.seed}`;
      const named = title === '' ? this.#words(run) : title;
      this.#items.push({ type: 'run', id: `${above}${run.id}`, level, run, title: [named, seed].filter(Boolean).join(', ') }); // prettier-ignore
      return;
    }
    const id = `${above}setting=${run.setting}/`;
    const isOpen = this.#state.turned.has(id);
    const named = title === '' ? this.#words(run) || counted(runs.length, 'seed') : title;
    this.#items.push({ type: 'group', id, level, field: null, value: run.setting, title: named, runs, isOpen });
    if (!isOpen) return;
    const inOrder = [...runs].sort((a, b) => a.seed - b.seed || (a.id < b.id ? -1 : 1));
    const count = this.#countShown(id, inOrder.length);
    const names = seedNames(inOrder);
    for (const [i, one] of inOrder.slice(0, count).entries())
      this.#items.push({ type: 'run', id: `${id}${one.id}`, level: level + 1, run: one, title: names[i] ?? '' });
    const hidden = inOrder.length - count;
    this.#addMore(id, level + 1, hidden === 0 ? '' : `${formatCount(hidden)} more ${hidden === 1 ? 'run' : 'runs'}`);
  }

  /** Groups runs once: folding and unfolding leaves them as they are. */
  #groupsOf(runs: readonly RunSummary[], grouping: Grouping): readonly RunGroup[] {
    const known = keptGroups.get(runs) ?? new Map<string, KeptGroups>();
    keptGroups.set(runs, known);
    const kept = known.get(grouping.id);
    if (kept?.words.every((word, i) => word === this.#state.words[i])) return kept.groups;
    const groups = groupsOf(runs, grouping);
    known.set(grouping.id, { words: this.#state.words, groups });
    return groups;
  }

  /** Puts groups in the order of their names, if that is the table's; those without a value stay last. */
  #named(groups: readonly RunGroup[], { title }: Grouping): readonly RunGroup[] {
    const { byName } = this.#state;
    if (byName === null) return groups;
    const direction = byName === 'descending' ? -1 : 1;
    return groups.toSorted((a, b) => {
      if (a.value === '' || b.value === '') return Number(a.value === '') - Number(b.value === '');
      return title(a.value).localeCompare(title(b.value), 'en', { numeric: true }) * direction;
    });
  }

  #addMore(of: string, level: number, what: string): void {
    if (what !== '') this.#items.push({ type: 'more', id: `${of}more`, level, of, title: `Show ${what}` });
  }

  #countShown(id: string, count: number): number {
    const wanted = this.#state.shown.get(id) ?? shownAtFirst;
    return count <= wanted + fewMore ? count : wanted;
  }

  /** Puts settings in order by their means, where the table is by a figure. */
  #ranked(settings: readonly RunSummary[][]): readonly RunSummary[][] {
    const { rank } = this.#state;
    if (!rank) return settings;
    const means = new Map(settings.map((runs) => [runs, meanOf(runs, rank.of)]));
    const direction = rank.descending ? -1 : 1;
    return settings.toSorted((a, b) => {
      const [x, y] = [means.get(a) ?? null, means.get(b) ?? null];
      if (x === null || y === null) return Number(x === null) - Number(y === null);
      return (x - y) * direction;
    });
  }

  /**
   * In what each of these runs, one a setting, differs from the others: in what it is about if that tells them all apart,
   * else in parameters as well; "" where nothing tells.
   */
  #titlesOf(runs: readonly RunSummary[]): string[] {
    const about = runs.map((run) => this.#freeAspects(run).map(({ words }) => ({ label: '', value: words })));
    const titles = tellingDetails(about);
    if (new Set(titles).size === runs.length) return titles;
    return tellingDetails(
      runs.map((run, i) => [
        ...(about[i] ?? []),
        ...[run, ...this.#state.parentsOf(run)].flatMap(detailsWithoutSeeds).filter(({ label }) => !isOfAspect(label)),
      ]),
    );
  }

  /** What a run is about, without what the groups above it say. */
  #words(run: RunSummary): string {
    return this.#freeAspects(run)
      .slice(0, 1)
      .map(({ words }) => words)
      .join('');
  }

  #freeAspects(run: RunSummary): { field: string; words: string }[] {
    const grouped = new Set(this.#state.groupings.map(({ id }) => id));
    return this.#state.aspects(run).filter(({ field, words }) => words !== '' && !grouped.has(field));
  }
}

/** Runs with one value of a field. */
interface RunGroup {
  value: string;
  runs: readonly RunSummary[];
}

interface KeptGroups {
  words: readonly unknown[];
  groups: readonly RunGroup[];
}

/** By the runs that are grouped, then by the field; a change of any run makes another list of runs. */
const keptGroups = new WeakMap<readonly RunSummary[], Map<string, KeptGroups>>();
const keptSettings = new WeakMap<readonly RunSummary[], readonly RunSummary[][]>();

function settingsOf(runs: readonly RunSummary[]): readonly RunSummary[][] {
  const kept = keptSettings.get(runs) ?? bySetting(runs);
  keptSettings.set(runs, kept);
  return kept;
}

/** Groups of runs by a field, each where its first run is, those without a value last. */
function groupsOf(runs: readonly RunSummary[], grouping: Grouping): RunGroup[] {
  const groups = new Map<string, RunSummary[]>();
  const add = (value: string, run: RunSummary) => {
    const group = groups.get(value);
    if (group) group.push(run);
    else groups.set(value, [run]);
  };
  for (const run of runs) {
    const values = grouping.of(run);
    if (values.length === 0) add('', run);
    for (const value of values) add(value, run);
  }
  const without = groups.get('');
  groups.delete('');
  if (without) groups.set('', without);
  return [...groups].map(([value, own]) => ({ value, runs: own }));
}

const lowestSeed = (runs: readonly RunSummary[]): RunSummary =>
  runs.reduce((lowest, run) => (run.seed < lowest.seed ? run : lowest));

const detailsWithoutSeeds = (run: RunSummary): RunDetailWords[] =>
  ownDetails(run).filter(({ label }) => !/(?:^| )seed$/i.test(label));

/** Details that name what the words of a run say already. */
const isOfAspect = (label: string) => ['task', 'detector', 'model'].includes(label.toLowerCase());

/** "seed 0", with the seed of the model where it is another one, and the end of its id where that does not tell. */
function seedNames(runs: readonly RunSummary[]): string[] {
  const names = runs.map(({ kind, seed, modelSeed }) =>
    kind === 'classifier' || modelSeed === null || modelSeed === seed
      ? `seed ${seed}`
      : `seed ${seed}, model seed ${modelSeed}`,
  );
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, i) => (counts.get(name) === 1 ? name : `${name}, run ${runs[i]?.id.slice(-4) ?? ''}`));
}

function meanOf(runs: readonly RunSummary[], of: (run: RunSummary) => number | null | undefined): number | null {
  const values = runs.map(of).filter((value) => typeof value === 'number');
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
