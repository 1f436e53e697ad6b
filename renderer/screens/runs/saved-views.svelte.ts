import type { RunView } from '../../../shared/domain/settings.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { settings } from '../../app/settings.svelte.ts';
import { parseQuery } from '../../../shared/query/parse-query.ts';
import { parsePlace, writePlace, type RunsPlace } from './place.ts';
import { view } from './runs-view.svelte.ts';
import { parameters } from './spec-values.svelte.ts';

/** Reads the place that a view holds. */
export const placeOf = ({ address }: RunView): RunsPlace => parsePlace(new URLSearchParams(address.replace(/^\?/, '')));

/** Views of the table that a person wants again; kept with the settings. */
class SavedViews {
  readonly list: readonly RunView[] = $derived.by(() => settings.value?.runViews ?? []);
  /** The name of the view that was shown last, as long as it is there. */
  #shown = $state<string | null>(null);
  readonly shown: RunView | undefined = $derived(this.list.find(({ name }) => name === this.#shown));
  /** What the table shows now, with nothing left out. */
  readonly address = $derived(writePlace(view.wholePlace));
  /** Whether the table is as the view says that was shown last. */
  readonly isAsShown = $derived(this.shown?.address === this.address);

  show(saved: RunView): void {
    view.show(placeOf(saved));
    this.#shown = saved.name;
  }

  /** Shows all runs, without filter and groups, with the person's own columns. */
  showAll(place: RunsPlace = {}): void {
    view.show(place);
    this.#shown = null;
  }

  /** Keeps what the table shows under a name; a view of that name is replaced. */
  async save(name: string): Promise<void> {
    const saved = { name: name.trim(), address: this.address };
    await settings.change(({ runViews }) => {
      const at = runViews.findIndex((other) => other.name === saved.name);
      return { runViews: at < 0 ? [...runViews, saved] : runViews.with(at, saved) };
    });
    this.#shown = saved.name;
  }

  async rename(from: string, to: string): Promise<void> {
    const name = to.trim();
    await settings.change(({ runViews }) => ({
      runViews: runViews
        .filter((other) => other.name !== name || other.name === from)
        .map((other) => (other.name === from ? { ...other, name } : other)),
    }));
    if (this.#shown === from) this.#shown = name;
  }

  /** Takes a view away; returns what brings it back. */
  async remove(name: string): Promise<() => Promise<void>> {
    const at = this.list.findIndex((other) => other.name === name);
    const removed = this.list[at];
    await settings.change(({ runViews }) => ({ runViews: runViews.filter((other) => other.name !== name) }));
    return async () => {
      if (removed) await settings.change(({ runViews }) => ({ runViews: runViews.toSpliced(at, 0, removed) }));
    };
  }

  /** How many runs a view finds. */
  countOf(place: RunsPlace): number {
    const query = parseQuery(place.filter ?? '', parameters.of);
    const asksForArchived = query.terms.some(({ field, value }) => field === 'is' && /^a/i.test(value));
    const now = Date.now();
    let count = 0;
    for (const run of catalogue.runs.values())
      if ((!run.archived || asksForArchived) && query.matches(run, now)) count++;
    return count;
  }
}

export const savedViews = new SavedViews();
