import { existsSync } from 'node:fs';
import type { RunSummary } from '../../shared/domain/live.ts';
import type { RunKind, RunRecord, RunStatus } from '../../shared/domain/run.ts';
import { ownEngines } from '../../shared/engine-parts.ts';
import type { Catalogue } from '../storage/catalogue.ts';
import type { StoredRun } from '../storage/catalogue-rows.ts';
import { runWords } from './run-words.ts';

/** What has changed since it was last asked. */
export interface SummaryChanges {
  changed: RunSummary[];
  removed: string[];
}

interface Known {
  row: StoredRun;
  summary: RunSummary;
}

/**
 * The rows of the catalogue as lists show them. Each is made once and again when it changes; ten thousand take a fraction
 * of a second.
 */
export class RunSummaries {
  readonly #catalogue: Catalogue;
  readonly #known = new Map<string, Known>();
  /** Specs by id, for runs that others build on; they do not change while a run is built on. */
  readonly #specs = new Map<string, Record<string, unknown> | undefined>();
  /** Runs found to be new or changed by a question about them, of which {@link refresh} has not told yet. */
  readonly #untold = new Set<string>();
  /** Whether all rows have been read once: from then on an unknown one is new. */
  #isComplete = false;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** @throws CupbearerError `not-found` where there is no such run. */
  get(id: string): RunSummary {
    const [summary] = this.#summaries(this.#catalogue.stored({ ids: [id] }));
    // The catalogue knows how to say that there is none.
    return summary ?? this.get(this.#catalogue.get(id).id);
  }

  /** The newest, without looking at the rest. */
  newest(limit: number): RunSummary[] {
    const newest = this.#summaries(this.#catalogue.stored({ limit }));
    this.#isComplete ||= newest.length < limit;
    return newest;
  }

  /** All, newest first. */
  all(): RunSummary[] {
    const all = this.#summaries(this.#catalogue.stored());
    this.#isComplete = true;
    return all;
  }

  /** Reads these runs anew and tells of them, or reads all and tells of those that are not as they were. */
  refresh(ids?: readonly string[]): SummaryChanges {
    const rows = this.#catalogue.stored(ids === undefined ? {} : { ids });
    const isNews = ({ id, text }: StoredRun) => this.#untold.has(id) || this.#known.get(id)?.row.text !== text;
    const changed = ids === undefined ? rows.filter(isNews) : rows;
    const found = new Set(rows.map(({ id }) => id));
    const removed = (ids ?? [...this.#known.keys()]).filter((id) => this.#known.has(id) && !found.has(id));
    for (const id of removed) {
      this.#known.delete(id);
      this.#specs.delete(id);
      this.#untold.delete(id);
    }
    for (const { id } of changed) this.#specs.delete(id);
    const summaries = this.#summaries(changed);
    for (const { id } of changed) this.#untold.delete(id);
    return { changed: summaries, removed };
  }

  #summaries(rows: readonly StoredRun[]): RunSummary[] {
    return rows.map((row) => {
      const known = this.#known.get(row.id);
      if (known?.row.text === row.text) return known.summary;
      const summary = this.#summaryOf(row);
      this.#known.set(row.id, { row, summary });
      if (known || this.#isComplete) this.#untold.add(row.id);
      return summary;
    });
  }

  #summaryOf(row: StoredRun): RunSummary {
    const read = <T>(name: Parameters<StoredRun['column']>[0]) => JSON.parse(row.column(name) as string) as T;
    const text = (name: Parameters<StoredRun['column']>[0]) => row.column(name) as string;
    const kind = text('kind') as RunKind;
    const status = text('status') as RunStatus;
    const spec = read<Record<string, unknown>>('spec');
    const parents = read<string[]>('parents');
    const [detector, classifier] =
      kind === 'evaluation'
        ? [this.#specOf(parents[0]), this.#specOf(parents[1])]
        : [undefined, this.#specOf(parents[0])];
    const startedAt = row.column('started_at') as string | null;
    const endedAt = row.column('ended_at') as string | null;
    const error = row.column('error') === null ? null : shortError(read<NonNullable<RunRecord['error']>>('error'));
    return {
      id: row.id,
      kind,
      status,
      title: text('title'),
      folder: text('folder'),
      ...runWords(kind, spec, classifier, detector),
      metrics: read('metrics'),
      durationMs: durationOf(read<RunRecord['timings']>('timings'), startedAt, endedAt),
      createdAt: text('created_at'),
      endedAt,
      seed: typeof spec['seed'] === 'number' ? spec['seed'] : 0,
      engines: ownEngines({
        engine: row.column('engine') as string | null,
        engine_parts: row.column('engine_parts') === null ? [] : read('engine_parts'),
      }),
      testData: row.column('test_data') as string | null,
      parents,
      error,
      tags: read('tags'),
      notes: text('notes'),
      pinned: row.column('pinned') === 1,
      archived: row.column('archived') === 1,
      // A training that has left the numbers would leave them again.
      resumable:
        kind === 'classifier' && canGoOn.includes(status) && error?.code !== 'non-finite' && existsSync(text('folder')),
    };
  }

  #specOf(id: string | undefined): Record<string, unknown> | undefined {
    if (id === undefined) return undefined;
    if (!this.#specs.has(id)) {
      const row = this.#known.get(id)?.row ?? this.#catalogue.stored({ ids: [id] })[0];
      this.#specs.set(id, row && (JSON.parse(row.column('spec') as string) as Record<string, unknown>));
    }
    return this.#specs.get(id);
  }
}

const canGoOn: readonly RunStatus[] = ['failed', 'cancelled', 'interrupted'];

function durationOf({ total }: RunRecord['timings'], startedAt: string | null, endedAt: string | null): number | null {
  if (total !== undefined) return total;
  return startedAt === null || endedAt === null ? null : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}

/** Without its stack. */
function shortError({
  code,
  message,
  hint,
  details,
}: NonNullable<RunRecord['error']>): NonNullable<RunSummary['error']> {
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }) };
}
