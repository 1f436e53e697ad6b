import type { RunSummary } from '../../../shared/domain/live.ts';
import { isSpecPath } from '../../../shared/domain/spec-field.ts';
import { parseQuery } from '../../../shared/query/parse-query.ts';
import type { QueryTerm } from '../../../shared/query/parse-query.ts';
import { splitQuery } from '../../../shared/query/split.ts';
import { settings } from '../../app/settings.svelte.ts';
import { parameters } from './spec-values.svelte.ts';

const read = (text: string) => parseQuery(text, parameters.of).terms;

/** The query field: chips, and what is being typed, which filters already. */
class Filter {
  chips = $state.raw<readonly string[]>([]);
  text = $state('');

  /** Those that the user wants again, the newest first. */
  readonly saved: readonly string[] = $derived.by(() => settings.value?.savedFilters ?? []);
  readonly chipTerms: readonly QueryTerm[] = $derived(this.chips.flatMap(read));
  readonly terms: readonly QueryTerm[] = $derived([...this.chipTerms, ...read(this.text)]);
  /** The term whose value is being typed: it says nothing yet. */
  readonly #typed = $derived.by(() => {
    const last = read(this.text).at(-1);
    return last?.isUnfinished ? last.source : undefined;
  });
  /** Those that count. */
  readonly #asked = $derived(this.#typed === undefined ? this.terms : this.terms.slice(0, -1));
  readonly active = $derived(this.#asked.length > 0);
  /** Those that cannot be read: no run is as they say. */
  readonly misread: readonly QueryTerm[] = $derived(this.#asked.filter((term) => term.problem !== null));
  /** Paths of the parameters that they ask for. */
  readonly paths: readonly string[] = $derived(this.terms.map(({ field }) => field).filter(isPath));
  /** As one text, to keep or to show. */
  readonly source = $derived(this.terms.map((term) => term.source).join(' '));

  /** Makes what is typed into chips. */
  commit(): void {
    this.chips = [...this.chips, ...splitQuery(this.text).map((piece) => closed(piece.text))];
    this.text = '';
  }

  set(query: string): void {
    this.chips = splitQuery(query).map((piece) => piece.text);
    this.text = '';
  }

  removeChip(index: number): void {
    this.chips = this.chips.filter((_, other) => other !== index);
  }

  clear(): void {
    this.set('');
  }

  async save(): Promise<void> {
    const { source } = this;
    await settings.change(({ savedFilters: saved }) => ({
      savedFilters: [source, ...saved.filter((other) => other !== source)],
    }));
  }

  async forget(query: string): Promise<void> {
    await settings.change(({ savedFilters: saved }) => ({ savedFilters: saved.filter((other) => other !== query) }));
  }

  /** Returns what says whether to show a run, at the time `now` (ms). Archived ones are shown only on request. */
  test(now: number): (run: RunSummary) => boolean {
    // State is read once rather than for each of many runs.
    const [asked, asksForArchived] = [this.#asked, this.asksForArchived];
    return (run) => (!run.archived || asksForArchived) && asked.every((term) => term.matches(run, now));
  }

  readonly asksForArchived = $derived(
    this.terms.some((term) => term.field === 'is' && /^a/i.test(term.value) && term.problem === null),
  );

  /** Where the axis of AUROC starts: at the bound of a filter `auroc>x`, otherwise at guessing. */
  readonly axisStart = $derived.by(() => {
    const term = this.terms.find(
      ({ field, operator, problem }) => field === 'auroc' && operator.startsWith('>') && problem === null,
    );
    const bound = term?.value.endsWith('%') ? parseFloat(term.value) / 100 : Number(term?.value);
    return bound > 0.5 && bound < 1 ? bound : 0.5;
  });
}

const isPath = (field: string) => field.includes('.') && isSpecPath(field);

/** A quote that was left open would take in the chips after it. */
const closed = (text: string) => ((text.match(/"/g)?.length ?? 0) % 2 === 1 ? `${text}"` : text);

export const filter = new Filter();
