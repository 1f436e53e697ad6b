import { SvelteMap } from 'svelte/reactivity';
import { mostCurves } from '../../../shared/charts/roc-chart.ts';
import { unpackArrays } from '../../../shared/domain/arrays.ts';
import type { ScoreChoice } from '../../../shared/domain/compared.ts';
import {
  readFigures,
  type ComparedFigures,
  type ComparedRow,
  type Comparison,
} from '../../../shared/domain/comparison.ts';
import { allLayers, type LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import type { RunResult } from '../../../shared/domain/result.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { largestGroup } from '../../../shared/comparison-words.ts';
import { shortRunNames } from '../../../shared/run-names.ts';
import { ranksOf } from '../../../shared/scores/ranks.ts';
import type { SharedSamples } from '../../../shared/scores/shared-samples.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** A run of the comparison. */
export interface ComparedRun {
  id: string;
  /** The shortest name that distinguishes it from the others. */
  name: string;
  summary: RunSummary;
  /** Of the score that is compared; null if it has none. */
  metrics: LayerMetrics | null;
}

/** What is compared: a run, or runs that differ in their seeds alone. */
export interface ShownRow {
  /** Its place among the rows. */
  place: number;
  /** Stays the same whatever scores are compared. */
  key: string;
  name: string;
  /** As short as distinguishes it from those on the same test data. */
  short: string;
  row: ComparedRow;
  runs: readonly ComparedRun[];
  /** Mean over its runs, milliseconds; null if it is not known of all. */
  took: number | null;
}

interface Loaded {
  figures: ComparedFigures;
  summaries: readonly RunSummary[];
  samples: readonly SharedSamples[];
}

/** Two or more evaluated runs side by side. */
export class ComparisonPage {
  readonly ids: readonly string[];
  /** Which score is compared; what is shown follows once it has come. */
  score = $state<ScoreChoice>(allLayers);
  failure = $state.raw<CupbearerError>();
  /** Of the first run: what samples are called. */
  words = $state.raw<RunResult['words']>();
  #loaded = $state.raw<Loaded>();
  /** What was asked for before comes back at once. */
  readonly #known = new Map<ScoreChoice, Loaded>();
  /** The colour of each row that is drawn, by its key. */
  readonly colours = new SvelteMap<string, number>();
  #hasColours = false;

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  readonly figures = $derived(this.#loaded?.figures);
  /** One for each set of test samples that two or more of the runs share, that of most runs first. */
  readonly samples = $derived(this.#loaded?.samples ?? []);
  /** Whether the scores that were asked for last are on their way. */
  readonly isStale = $derived(this.figures !== undefined && this.figures.score !== this.score);

  readonly runs: readonly ComparedRun[] = $derived.by(() => {
    if (!this.#loaded) return [];
    const { summaries, figures } = this.#loaded;
    const names = shortRunNames(summaries);
    return summaries.map((summary, i) => ({
      id: summary.id,
      name: names[i]!,
      summary,
      metrics: figures.metrics[i] ?? null,
    }));
  });

  readonly rows: readonly ShownRow[] = $derived.by(() => {
    const rows = this.figures?.rows ?? [];
    const names = shortRunNames(rows.map(({ runs: [first] }) => this.runs[first!]!.summary));
    const short = new Map<number, string>();
    for (const [, places] of Map.groupBy(rows.keys(), (place) => rows[place]!.group)) {
      const own = shortRunNames(places.map((place) => this.runs[rows[place]!.runs[0]!]!.summary));
      places.forEach((place, i) => short.set(place, own[i]!));
    }
    return rows.map((row, place) => {
      const runs = row.runs.map((run) => this.runs[run]!);
      const times = runs.map(({ summary }) => summary.durationMs).filter((ms) => ms !== null);
      return {
        place,
        key: runs.map(({ id }) => id).join(' '),
        name: names[place]!,
        short: short.get(place) ?? names[place]!,
        row,
        runs,
        took: times.length === runs.length ? times.reduce((sum, ms) => sum + ms, 0) / times.length : null,
      };
    });
  });

  /** Rows that are drawn, those with a colour in its order. */
  readonly drawn: readonly ShownRow[] = $derived(
    this.rows
      .filter(({ key }) => this.colours.has(key))
      .toSorted((a, b) => this.colours.get(a.key)! - this.colours.get(b.key)!),
  );

  async load(score: ScoreChoice = this.score): Promise<void> {
    this.failure = undefined;
    this.score = score;
    try {
      const loaded = this.#known.get(score) ?? (await this.#ask(score));
      this.#known.set(score, loaded);
      // Another choice may have been made meanwhile.
      if (this.score !== score) return;
      this.#loaded = loaded;
      this.#colourFirst();
      this.words ??= (await client.runs.result({ id: this.ids[0]! }))?.words;
    } catch (error) {
      if (this.score === score) this.failure = toCupbearerError(error);
    }
  }

  async #ask(score: ScoreChoice): Promise<Loaded> {
    const comparison = await client.runs.compare({ ids: [...this.ids], score });
    return {
      samples: await sharedSamples(comparison),
      figures: await readFigures(comparison),
      summaries: comparison.summaries,
    };
  }

  /** At first the best are drawn, each in a colour that it keeps. */
  #colourFirst(): void {
    if (this.#hasColours) return;
    this.#hasColours = true;
    const group = largestGroup(this.rows.map(({ row }) => row));
    const best = this.rows
      .filter(({ row }) => row.figures !== null && row.group === group)
      .toSorted((a, b) => b.row.figures!.auroc.value - a.row.figures!.auroc.value)
      .slice(0, mostCurves);
    for (const { key } of this.rows) if (best.some((row) => row.key === key)) this.colours.set(key, this.colours.size);
  }

  /** Draws a row or leaves it out. Beyond eight there are no more colours, and each has a plot of its own. */
  draw(key: string, isDrawn: boolean): void {
    if (!isDrawn) {
      const freed = this.colours.get(key);
      this.colours.delete(key);
      // One that found no colour takes the one that is free now.
      const waiting = [...this.colours].find(([, place]) => place >= mostCurves);
      if (waiting && freed !== undefined && freed < mostCurves) this.colours.set(waiting[0], freed);
      return;
    }
    const taken = new Set(this.colours.values());
    let place = 0;
    while (taken.has(place)) place++;
    this.colours.set(key, place);
  }
}

function sharedSamples({ samples }: Comparison): Promise<SharedSamples[]> {
  return Promise.all(
    samples.map(async ({ runs: places, arrays: packed }) => {
      const arrays = await unpackArrays(packed);
      const { sample_index: sampleIndex, labels } = arrays;
      const scores = places.map((place) => arrays[`scores/${place}`]);
      if (
        !(sampleIndex instanceof Int32Array) ||
        !(labels instanceof Uint8Array) ||
        !scores.every((array) => array instanceof Float32Array)
      )
        throw new CupbearerError('bad-data', 'The scores of these runs came incomplete.');
      return { runs: places, sampleIndex, labels, scores, ranks: scores.map(ranksOf) };
    }),
  );
}
