import { allLayers, type Evaluation, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { layerAggregations, type LayerAggregation } from '../../shared/domain/layer-aggregation.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { namedPoolings, pooledScores, poolingWords, type TokenPooling } from '../../shared/scores/token-pooling.ts';
import { calibratedThresholds } from '../evaluation/across/calibrated-thresholds.ts';
import { aggregateLayers, standardisationOf } from '../evaluation/aggregate-layers.ts';
import { evaluateScores } from '../evaluation/evaluate-scores.ts';
import { aurocOf } from '../evaluation/figures-of-merit.ts';
import { hasTokens, readScores, readTokens } from '../storage/run-folder.ts';
import type { Scores } from '../storage/scores.ts';
import type { TokenScores } from '../storage/token-scores.ts';
import { tokenPoolingOf } from './positions.ts';
import { readEvaluation } from './stored-evaluations.ts';

/** The scores and metrics of an evaluation. */
interface PooledEvaluation {
  evaluation: Evaluation;
  scores: Scores;
}

/** What can be had of an evaluation whose tokens were scored on their own. */
export interface Poolings {
  /** The one that the run was made with. */
  own: TokenPooling;
  /** AUROC by layer, and `all`, with each of the named poolings; those that cannot be had are left out. */
  auroc: Partial<Record<(typeof namedPoolings)[number], Record<string, number>>>;
}

/** The pooling that an evaluation was made with; undefined where its tokens were not scored on their own, or are not kept. */
function ownPooling(folder: string, { about }: Evaluation): TokenPooling | undefined {
  return about.detector && hasTokens(folder) ? tokenPoolingOf(about.detector) : undefined;
}

/**
 * Returns the scores and the metrics, with intervals, of the evaluation in a folder as they come out with another pooling of its
 * tokens; those that are stored where it is the run's own. Nothing is scored again.
 * @throws CupbearerError `usage` if there are no scores of single tokens or a text is too short for the positions, `bad-data`.
 */
export function pooledEvaluation(folder: string, pooling: TokenPooling): PooledEvaluation {
  const evaluation = readEvaluation(folder);
  const scores = readScores(folder);
  if (pooling === ownPooling(folder, evaluation)) return { evaluation, scores };
  const { about } = evaluation;
  const tokens = tokensOf(folder, evaluation);
  if (tokens.counts.length !== scores.labels.length)
    throw new CupbearerError(
      'bad-data',
      `"${folder}": expected tokens of ${scores.labels.length} texts, found those of ${tokens.counts.length}.`,
    );
  const heldOut = readTokens(folder, { heldOut: true });
  const layers = withAggregate(tokens, heldOut, pooling, about.detector ?? {});
  const heldOutAll = heldOut && withAggregate(heldOut, heldOut, pooling, about.detector ?? {}).get(allLayers)!;
  const metrics: Record<string, LayerMetrics> = {};
  for (const [name, values] of layers) metrics[name] = evaluateScores(values, scores.labels, scores.groups);
  const { thresholds: _, attack: __, ...kept } = about;
  return {
    scores: { ...scores, layers },
    evaluation: {
      layers: metrics,
      about: {
        ...kept,
        ...given({
          thresholds: heldOutAll ? calibratedThresholds(heldOutAll, layers.get(allLayers)!, scores.labels) : undefined,
        }),
      },
    },
  };
}

/** Returns which poolings of its tokens an evaluation can be shown with; null where there is only its own. @throws CupbearerError `bad-data`. */
export function poolingsOf(folder: string): Poolings | null {
  const evaluation = readEvaluation(folder);
  const own = ownPooling(folder, evaluation);
  if (own === undefined) return null;
  const tokens = tokensOf(folder, evaluation);
  const heldOut = readTokens(folder, { heldOut: true });
  const { labels } = readScores(folder, []);
  const auroc: Poolings['auroc'] = {};
  for (const pooling of namedPoolings) {
    try {
      const layers = withAggregate(tokens, heldOut, pooling, evaluation.about.detector ?? {});
      auroc[pooling] = Object.fromEntries(
        [...layers].map(([name, values]) => [name, aurocOf(rankScores(values, labels))]),
      );
    } catch (error) {
      if (!(error instanceof CupbearerError) || error.code !== 'usage') throw error;
    }
  }
  return { own, auroc };
}

/** Returns the score of one text of a run by pooling and layer, from the scores of its tokens by layer. @throws CupbearerError `bad-data`. */
export function poolingsOfText(
  folder: string,
  layers: Map<string, Float32Array>,
): Record<string, Record<string, number>> {
  const { about } = readEvaluation(folder);
  const heldOut = readTokens(folder, { heldOut: true });
  const counts = Int32Array.of([...layers.values()][0]?.length ?? 0);
  return Object.fromEntries(
    namedPoolings.flatMap((pooling) => {
      try {
        const pooled = withAggregate({ layers, counts }, heldOut, pooling, about.detector ?? {});
        return [[pooling, Object.fromEntries([...pooled].map(([name, [score]]) => [name, score!]))]];
      } catch (error) {
        if (error instanceof CupbearerError && error.code === 'usage') return [];
        throw error;
      }
    }),
  );
}

/**
 * Returns the scores of a run's single tokens by layer, and over all of them as far as layers can be combined token by token, of its
 * test samples and of held-out trusted ones. @throws CupbearerError `usage` if there are none, `bad-data`.
 */
export function tokenScoresOf(folder: string): { test: TokenScores; heldOut: TokenScores | null; labels: Uint8Array } {
  const evaluation = readEvaluation(folder);
  const test = tokensOf(folder, evaluation);
  const heldOut = readTokens(folder, { heldOut: true });
  const each = ({ layers }: TokenScores, counts: Int32Array) =>
    withAggregate({ layers, counts }, heldOut, 'mean', evaluation.about.detector ?? {});
  // With a text for each token nothing is pooled.
  const ones = (tokens: TokenScores) => new Int32Array([...tokens.layers.values()][0]?.length ?? 0).fill(1);
  try {
    return {
      test: { ...test, layers: each(test, ones(test)) },
      heldOut: heldOut && { ...heldOut, layers: each(heldOut, ones(heldOut)) },
      labels: readScores(folder, []).labels,
    };
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'usage') throw error;
    return { test, heldOut, labels: readScores(folder, []).labels };
  }
}

/** @throws CupbearerError `usage` if an evaluation has no scores of single tokens. */
function tokensOf(folder: string, evaluation: Evaluation): TokenScores {
  const tokens = ownPooling(folder, evaluation) === undefined ? null : readTokens(folder);
  if (tokens) return tokens;
  throw new CupbearerError('usage', `The run in "${folder}" has no scores of single tokens.`, {
    hint: 'Fit a detector whose tokens are scored on their own: detector.tokens score-last, score-mean or score-max.',
  });
}

/** Pools the tokens of each layer, and adds the score over all of them. */
function withAggregate(
  { layers, counts }: TokenScores,
  heldOut: TokenScores | null,
  pooling: TokenPooling,
  detector: Readonly<Record<string, unknown>>,
): Map<string, Float32Array> {
  const pool = (from: ReadonlyMap<string, Float32Array>, of: Int32Array) =>
    new Map([...from].map(([name, values]) => [name, Float32Array.from(pooledScores(values, of, pooling))]));
  const pooled = pool(layers, counts);
  const how = layerAggregations.find((one) => one === detector['layer_aggregation']) ?? 'mean';
  const layer = detector['aggregation_layer'];
  const all = aggregateLayers(Object.fromEntries(pooled), how, {
    standardisation: standardisationFor(how, heldOut && pool(heldOut.layers, heldOut.counts), pooling),
    layer: typeof layer === 'string' ? layer : undefined,
  });
  return new Map([...pooled, [allLayers, Float32Array.from(all)]]);
}

/** Layers have another scale with another pooling: it is taken from the tokens of trusted samples that were held out. */
function standardisationFor(how: LayerAggregation, heldOut: Map<string, Float32Array> | null, pooling: TokenPooling) {
  if (how !== 'standardised-mean') return undefined;
  if (heldOut && [...heldOut.values()].every(({ length }) => length > 1))
    return standardisationOf(Object.fromEntries(heldOut));
  throw new CupbearerError(
    'usage',
    `Layers cannot be standardised with ${poolingWords(pooling)} of the tokens: the run keeps no scores of held-out trusted samples.`,
    { hint: 'Hold out trusted samples (held_out), or combine layers another way.' },
  );
}
