import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { Histogram, LayerMetrics } from '../../../shared/domain/evaluation.ts';
import { unpackArrays } from '../../../shared/domain/arrays.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import type { Comparison, RunResult } from '../../../shared/domain/result.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { countByBin } from '../../../shared/scores/histogram.ts';
import { ranksOf } from '../../../shared/scores/ranks.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** A run of the comparison, with what its charts are drawn from. */
export interface ComparedRun {
  id: string;
  /** As short as it can be told from the others. */
  name: string;
  summary: RunSummary;
  metrics: LayerMetrics;
}

/** The samples that all runs share: index, label, and each run's score (NaN where it has none). */
export interface SharedSamples {
  sampleIndex: Int32Array;
  /** 1 = anomalous. */
  labels: Uint8Array;
  /** By run, in the runs' order, `[n]` each. */
  scores: Float32Array[];
  /** Places by score, 1 = most anomalous, 0 without a score. */
  ranks: Int32Array[];
}

/** Counts of the runs' scores over common bins, one class at a time. */
export interface CommonHistograms {
  scale: Histogram['scale'];
  edges: number[];
  counts: number[][];
}

const rankBins = 40;

/** Two or more evaluated runs side by side. */
export class ComparisonPage {
  readonly ids: readonly string[];
  comparison = $state.raw<Comparison>();
  samples = $state.raw<SharedSamples | null>();
  /** Of the first run: what samples are called. */
  words = $state.raw<RunResult['words']>();
  failure = $state.raw<CupbearerError>();

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  readonly runs: readonly ComparedRun[] = $derived.by(() => {
    const compared = this.comparison?.runs ?? [];
    const names = shortNames(compared.map(({ summary }) => summary));
    return compared.map(({ summary, metrics }, i) => ({ id: summary.id, name: names[i]!, summary, metrics }));
  });

  async load(): Promise<void> {
    this.failure = undefined;
    try {
      const comparison = await client.runs.compare({ ids: [...this.ids] });
      this.samples = comparison.samples ? await sharedSamples(comparison) : null;
      this.comparison = comparison;
      const first = await client.runs.result({ id: this.ids[0]! });
      this.words = first?.words;
    } catch (error) {
      this.failure = toCupbearerError(error);
    }
  }

  /**
   * Where the runs put the samples of a class: by rank among all test samples in percent (100 = most anomalous), which can be
   * compared whatever the scores are; null where they are not on the same samples.
   */
  rankHistograms(label: 0 | 1): CommonHistograms | null {
    const { samples } = this;
    if (!samples) return null;
    const edges = Array.from({ length: rankBins + 1 }, (_, i) => (100 * i) / rankBins);
    const counts = samples.ranks.map((ranks) => {
      const last = Math.max(1, ranks.reduce((most, rank) => Math.max(most, rank), 0) - 1);
      const own = Float64Array.from(ranks, (rank) => (rank === 0 ? NaN : 100 - (100 * (rank - 1)) / last)).filter(
        (value, i) => samples.labels[i] === label && !Number.isNaN(value),
      );
      return countByBin(own.sort(), edges);
    });
    return { scale: 'linear', edges, counts };
  }

  /** The same by the scores themselves; null where the detectors differ, whose scores mean different things. */
  scoreHistograms(label: 0 | 1): CommonHistograms | null {
    const { samples } = this;
    if (!samples || new Set(this.runs.map(({ summary }) => summary.detector)).size > 1) return null;
    const own = samples.scores.map((scores) =>
      Float64Array.from(scores)
        .filter((score, i) => samples.labels[i] === label && !Number.isNaN(score))
        .sort(),
    );
    const histograms = this.runs.map(({ metrics }) => metrics.histogram);
    const low = Math.min(...histograms.map(({ edges }) => edges[0]!));
    const high = Math.max(...histograms.map(({ edges }) => edges[edges.length - 1]!));
    const scale = histograms.every((histogram) => histogram.scale === 'log') ? 'log' : 'linear';
    const bins = 60;
    const edges = Array.from({ length: bins + 1 }, (_, i) =>
      scale === 'log' ? low * (high / low) ** (i / bins) : low + ((high - low) * i) / bins,
    );
    return { scale, edges, counts: own.map((values) => countByBin(values, edges)) };
  }
}

async function sharedSamples({ samples, runs }: Comparison): Promise<SharedSamples | null> {
  if (!samples) return null;
  const arrays = await unpackArrays(samples);
  const { sample_index: sampleIndex, labels } = arrays;
  const scores = runs.map(({ summary }) => arrays[`scores/${summary.id}`]);
  if (
    !(sampleIndex instanceof Int32Array) ||
    !(labels instanceof Uint8Array) ||
    !scores.every((array) => array instanceof Float32Array)
  )
    throw new CupbearerError('bad-data', `The scores "${allLayers}" of these runs came incomplete.`);
  return { sampleIndex, labels, scores, ranks: scores.map(ranksOf) };
}

/** The detector alone where that tells runs apart, then with what differs from its defaults, with its seed, with its id. */
function shortNames(runs: readonly RunSummary[]): string[] {
  const named: ((run: RunSummary) => string)[] = [
    (run) => run.detector,
    (run) => [run.detector, run.detectorDetail].filter(Boolean).join(', '),
    (run) => [run.detector, run.detectorDetail, run.taskDetail].filter(Boolean).join(', '),
    (run) => `${run.detector}, seed ${run.seed}`,
  ];
  const unique = named.map((name) => runs.map(name)).find((names) => new Set(names).size === runs.length);
  return unique ?? runs.map((run) => `${run.detector} ${run.id.slice(-4)}`);
}
