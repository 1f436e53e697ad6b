import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { LayerMetrics } from '../../../shared/domain/evaluation.ts';
import { unpackArrays } from '../../../shared/domain/arrays.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { readFigures, type ComparedFigures, type Comparison } from '../../../shared/domain/comparison.ts';
import type { RunResult } from '../../../shared/domain/result.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { shortRunNames } from '../../../shared/run-names.ts';
import { ranksOf } from '../../../shared/scores/ranks.ts';
import type { SharedSamples } from '../../../shared/scores/shared-samples.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** A run of the comparison, with what its charts are drawn from. */
export interface ComparedRun {
  id: string;
  /** The shortest name that distinguishes it from the others. */
  name: string;
  summary: RunSummary;
  metrics: LayerMetrics;
}

/** Two or more evaluated runs side by side. */
export class ComparisonPage {
  readonly ids: readonly string[];
  figures = $state.raw<ComparedFigures>();
  #summaries = $state.raw<readonly RunSummary[]>([]);
  /** One for each set of test samples that two or more of the runs share, that of most runs first. */
  samples = $state.raw<readonly SharedSamples[]>([]);
  /** Of the first run: what samples are called. */
  words = $state.raw<RunResult['words']>();
  failure = $state.raw<CupbearerError>();

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  readonly runs: readonly ComparedRun[] = $derived.by(() => {
    const names = shortRunNames(this.#summaries);
    return (this.figures?.metrics ?? []).map((metrics, i) => {
      const summary = this.#summaries[i]!;
      return { id: summary.id, name: names[i]!, summary, metrics };
    });
  });

  async load(): Promise<void> {
    this.failure = undefined;
    try {
      const comparison = await client.runs.compare({ ids: [...this.ids] });
      this.samples = await sharedSamples(comparison);
      const figures = await readFigures(comparison);
      this.#summaries = comparison.summaries;
      this.figures = figures;
      const first = await client.runs.result({ id: this.ids[0]! });
      this.words = first?.words;
    } catch (error) {
      this.failure = toCupbearerError(error);
    }
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
        throw new CupbearerError('bad-data', `The scores "${allLayers}" of these runs came incomplete.`);
      return { runs: places, sampleIndex, labels, scores, ranks: scores.map(ranksOf) };
    }),
  );
}
