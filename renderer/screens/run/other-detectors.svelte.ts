import type { RunSummary } from '../../../shared/domain/live.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { ranksOf } from '../../../shared/scores/ranks.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { otherName, type OtherScores } from './other-scores.ts';
import { RunScores } from '../../runs/run-scores.ts';

/** Finished runs on the same test data as this one, the latest of each detector, newest first. */
export function othersOf(run: RunSummary): RunSummary[] {
  if (run.testData === null) return [];
  const latest = new Map<string, RunSummary>();
  for (const other of catalogue.runs.values()) {
    if (other.id === run.id || other.testData !== run.testData || other.status !== 'done') continue;
    const name = otherName(other);
    const known = latest.get(name);
    if (!known || known.createdAt < other.createdAt) latest.set(name, other);
  }
  return [...latest.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

/** The scores of the other detectors of a task, requested when samples are looked at. */
export class OtherDetectors {
  #known = $state.raw<ReadonlyMap<string, OtherScores | CupbearerError>>(new Map());
  readonly #asked = new Set<string>();

  /** The scores of a run, or why they could not be loaded; undefined until they have arrived. */
  of(run: string): OtherScores | CupbearerError | undefined {
    return this.#known.get(run);
  }

  /** Requests those not requested before, one after another: nobody reads them all at once. */
  async load(runs: readonly RunSummary[], own: RunScores): Promise<void> {
    const fresh = runs.filter(({ id }) => !this.#asked.has(id));
    for (const { id } of fresh) this.#asked.add(id);
    for (const { id } of fresh) {
      let known: OtherScores | CupbearerError;
      try {
        const scores = own.align(await RunScores.from(await client.runs.scores({ id })), allLayers);
        known = { scores, ranks: ranksOf(scores) };
      } catch (error) {
        known = toCupbearerError(error);
      }
      this.#known = new Map(this.#known).set(id, known);
    }
  }
}
