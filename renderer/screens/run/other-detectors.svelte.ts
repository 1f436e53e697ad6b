import type { RunSummary } from '../../../shared/domain/live.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { ranksOf } from '../../../shared/scores/ranks.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { RunScores } from './run-scores.ts';

/** What another detector says of the test samples, in this run's order. */
export interface OtherScores {
  run: RunSummary;
  /** NaN where it has not scored a sample, `[n]`. */
  scores: Float32Array;
  /** 1 = most anomalous, 0 without a score, `[n]`. */
  ranks: Int32Array;
}

/** More columns than that nobody compares. */
const most = 12;

/** Finished runs on the same test data as this one, the latest of each detector, newest first. */
export function othersOf(run: RunSummary): RunSummary[] {
  if (run.testData === null) return [];
  const latest = new Map<string, RunSummary>();
  for (const other of catalogue.runs.values()) {
    if (other.id === run.id || other.testData !== run.testData || other.status !== 'done') continue;
    const name = `${other.detector} ${other.detectorDetail}`;
    const known = latest.get(name);
    if (!known || known.createdAt < other.createdAt) latest.set(name, other);
  }
  return [...latest.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, most);
}

/** The scores of the other detectors of a task, asked for when somebody looks at samples. */
export class OtherDetectors {
  list = $state.raw<readonly OtherScores[]>([]);
  failure = $state.raw<CupbearerError>();
  readonly #asked = new Set<string>();

  async load(runs: readonly RunSummary[], own: RunScores): Promise<void> {
    for (const run of runs) {
      if (this.#asked.has(run.id)) continue;
      this.#asked.add(run.id);
      try {
        const scores = own.align(await RunScores.from(await client.runs.scores({ id: run.id })), allLayers);
        this.list = [...this.list, { run, scores, ranks: ranksOf(scores) }];
      } catch (error) {
        this.failure = toCupbearerError(error);
      }
    }
  }
}
