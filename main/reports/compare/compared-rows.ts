import { allLayers, type LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { ComparedFigure, LooseFigure, ComparedRow } from '../../../shared/domain/comparison.ts';
import type { MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import type { Bounds } from '../../../shared/format.ts';
import { tprAtOnePercent } from '../../../shared/scores/one-percent.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { figureOverSeeds } from '../../evaluation/across/across-seeds.ts';
import { meanRoc } from '../../evaluation/across/mean-roc.ts';
import { nestedSelection } from '../../evaluation/across/nested-selection.ts';
import { layerOf, type ScoreChoice } from '../../../shared/domain/compared.ts';
import { doubtsOfRuns } from '../run-doubts.ts';
import { ownLayers, scoresAt, scoresOver, type ChosenScores, type LoadedRun } from './loaded-run.ts';

/**
 * Returns the places of runs, those that differ in their seeds alone together. A repetition of a run, with the same
 * seeds, says nothing of other seeds and stands apart.
 */
export function foldedRuns(loaded: readonly LoadedRun[]): number[][] {
  const rows: number[][] = [];
  for (const [place, { setting, seeds }] of loaded.entries()) {
    const row = rows.find(
      ([first, ...rest]) =>
        loaded[first!]!.setting === setting && ![first!, ...rest].some((other) => loaded[other]!.seeds === seeds),
    );
    if (row) row.push(place);
    else rows.push([place]);
  }
  const taskSeed = (place: number) => Number(loaded[place]!.about.task?.['seed'] ?? 0);
  for (const row of rows) row.sort((a, b) => loaded[a]!.seed - loaded[b]!.seed || taskSeed(a) - taskSeed(b));
  return rows;
}

/** The scores of the runs that are compared; `rows` are the places of those that differ in their seeds alone. */
export function chosenScores(
  loaded: readonly LoadedRun[],
  rows: readonly (readonly number[])[],
  choice: ScoreChoice,
): ChosenScores[] {
  const layer = layerOf(choice);
  if (layer !== null) return loaded.map((run) => scoresAt(run, layer));
  if (choice === 'mean' || choice === 'max') return loaded.map((run) => scoresOver(run, choice));
  if (choice !== 'nested') return loaded.map((run) => scoresAt(run, allLayers));
  const chosen: ChosenScores[] = loaded.map(() => ({ layer: null, scores: null, metrics: null, reason: oneSeed }));
  for (const row of rows) {
    const figures = row.map((place) => {
      const run = loaded[place]!;
      return new Map(ownLayers(run).map((own) => [own, run.metrics[own]!.AUC_ROC]));
    });
    nestedSelection(figures)?.forEach(({ layer: selected }, k) => {
      chosen[row[k]!] = scoresAt(loaded[row[k]!]!, selected);
    });
  }
  return chosen;
}

const oneSeed = 'Has no other seed to pick a layer on';

/** What distinguishes runs of one setting: their own seeds, those of their tasks, or else their order. */
function seedsOf(runs: readonly LoadedRun[]): number[] {
  const own = runs.map(({ seed }) => seed);
  const ofTask = runs.map(({ about }) => about.task?.['seed']).filter((seed) => typeof seed === 'number');
  const isDistinct = (seeds: readonly number[]) => new Set(seeds).size === runs.length;
  return [own, ofTask].find(isDistinct) ?? [...runs.keys()];
}

/** What runs of one setting come to. */
export function comparedRow(
  loaded: readonly LoadedRun[],
  chosen: readonly ChosenScores[],
  places: readonly number[],
  group: number,
  choice: ScoreChoice,
): ComparedRow {
  const runs = places.map((place) => loaded[place]!);
  const scored = places.map((place) => chosen[place]!);
  const metrics = scored.map((one) => one.metrics).filter((one) => one !== null);
  const reason = scored.find((one) => one.reason !== null)?.reason ?? null;
  const isComplete = metrics.length === places.length;
  const figures = isComplete ? figuresOf(runs, scored, metrics) : null;
  return {
    runs: [...places],
    seeds: seedsOf(runs),
    group,
    detector: runs[0]!.detector,
    ...seenBy(runs[0]!.detector),
    figures,
    reason: isComplete ? null : reason,
    picked: isComplete && choice === 'nested' ? scored.map(({ layer }) => layer ?? '') : null,
    doubts: figures
      ? doubtsOfRuns(
          runs.map((run, i) => ({
            about: run.about,
            metrics: metrics[i]!,
            scores: scored[i]!.scores,
            classifier: run.classifier,
            triggers: run.triggers,
            shown: figures.auroc,
          })),
        )
      : [],
  };
}

function figuresOf(
  runs: readonly LoadedRun[],
  scored: readonly ChosenScores[],
  metrics: readonly LayerMetrics[],
): NonNullable<ComparedRow['figures']> {
  const [first] = metrics as [LayerMetrics];
  const sizes = {
    clean: Math.max(...metrics.map(({ n_clean: n }) => n)),
    anomalous: Math.max(...metrics.map(({ n_anomalous: n }) => n)),
  };
  const hasRate = metrics.every((own) => tprAtOnePercent(own) !== null);
  if (metrics.length === 1)
    return {
      auroc: figureOf(first.AUC_ROC, first.AUC_ROC_interval),
      ap: looseFigureOf(first.AP, first.AP_interval),
      tpr: hasRate ? looseFigureOf(first.TPR_at_FPR_1, first.TPR_at_FPR_1_interval) : null,
      roc: { fpr: first.roc.fpr, tpr: first.roc.tpr },
      ...sizes,
    };
  const seeds = runs.map(({ labels, sampleIndex, groups }, i) => ({
    scores: scored[i]!.scores!,
    labels,
    groups: groups ?? sampleIndex,
  }));
  const over = (metric: MatrixMetric): ComparedFigure => {
    const { mean, lower, upper, deviation, values } = figureOverSeeds(metric, seeds);
    return { value: mean, lower, upper, one_sided: false, deviation, values };
  };
  return {
    auroc: over('auroc'),
    ap: over('average_precision'),
    tpr: hasRate ? over('tpr_at_1') : null,
    roc: meanRoc(metrics.map(({ roc }) => roc)),
    ...sizes,
  };
}

const figureOf = (value: number, { lower, upper, one_sided }: Bounds): ComparedFigure => ({
  value,
  lower,
  upper,
  one_sided,
  deviation: null,
  values: [value],
});

const looseFigureOf = (value: number, bounds: Bounds | null): LooseFigure =>
  bounds
    ? figureOf(value, bounds)
    : { value, lower: null, upper: null, one_sided: false, deviation: null, values: [value] };

/** What a detector has seen: it decides who can be ranked with whom. */
function seenBy(id: string): Pick<ComparedRow, 'seen'> {
  if (!detectorRegistry.has(id)) return { seen: 'unknown' };
  const { needs } = detectorRegistry.get(id);
  if (needs.anomalyLabels) return { seen: 'labels' };
  if (needs.untrusted) return { seen: 'untrusted' };
  return { seen: needs.trusted ? 'trusted' : 'nothing' };
}
