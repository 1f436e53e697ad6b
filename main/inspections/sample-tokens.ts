import { statSync } from 'node:fs';
import { join } from 'node:path';
import { allLayers } from '../../shared/domain/evaluation.ts';
import { tokenSteps, type Neighbours, type SampleTokens } from '../../shared/domain/sample-tokens.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { quantile } from '../../shared/scores/quantile.ts';
import type { Dataset } from '../data/dataset.ts';
import type { MetadataValue } from '../data/dataset.ts';
import { activationBatches } from '../models/activations.ts';
import type { ActivationSource } from '../models/activation-source.ts';
import { sizeOf } from '../models/network-outline.ts';
import { poolingsOfText, tokenScoresOf } from '../runs/pooled-evaluation.ts';
import { readEvaluation } from '../runs/stored-evaluations.ts';
import { hasTokens } from '../storage/run-folder.ts';
import type { TokenScores } from '../storage/token-scores.ts';
import { openClassifier } from '../tasks/classifier.ts';
import { startEngine } from '../tensor/engine.ts';
import type { InspectionContext } from './inspection.ts';
import { placeOf, testedBy, type Tested } from './run-samples.ts';
import { textsOf } from './show-samples.ts';

/** Columns of metadata that a person is shown, characters of a value, and tokens of a text. */
const mostColumns = 100;
const mostCharacters = 500;
const mostTokens = 20_000;

/**
 * Returns the tokens of a test sample of the run in `folder`, with their scores where each was scored on its own, and its
 * metadata. @throws CupbearerError as `runSamples`.
 */
export async function sampleTokens(
  { folder, position }: { folder: string; position: number },
  context: InspectionContext,
): Promise<SampleTokens> {
  const tested = await testedBy(folder, context);
  const { dataset, index } = placeOf(position, tested);
  const [row = {}] = dataset.metadata?.rows([index]) ?? [];
  const shown = Object.entries(row).filter(([name]) => name !== 'tokens' && name !== 'text');
  const scores = hasTokens(folder) ? scoresAt(folder, position) : null;
  return {
    words: wordsOf(dataset, index, row['tokens'] ?? null),
    metadata: shown.slice(0, mostColumns).map(([name, value]) => [name, shortValue(value)]),
    scores,
  };
}

function shortValue(value: MetadataValue): string {
  if (value === null) return '–';
  const text = typeof value === 'object' ? value.join(' ') : String(value);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}

function wordsOf(dataset: Dataset, index: number, tokens: MetadataValue): string[] | null {
  if (tokens !== null && typeof tokens === 'object') return tokens.slice(0, mostTokens).map(String);
  const { vocabulary } = dataset;
  if (!vocabulary) return null;
  return Array.from(dataset.read([index], 0).inputs, (token) => vocabulary[token] ?? String(token));
}

/** Scores of the tokens of a run that was asked about last, with what they are compared with. */
let lastScores: { key: string; tokens: TokenScores; starts: Float64Array; steps: Record<string, number[]>; basis: 'held-out' | 'clean'; trusted: number } | undefined; // prettier-ignore

function scoresAt(folder: string, position: number): SampleTokens['scores'] {
  const { tokens, starts, steps, basis, trusted } = allScores(folder);
  const [from, to] = [starts[position]!, Math.min(starts[position + 1]!, starts[position]! + mostTokens)];
  const own = new Map(
    [...tokens.layers]
      .filter(([name]) => name !== allLayers)
      .map(([name, values]) => [name, values.subarray(starts[position], starts[position + 1])]),
  );
  const layers = Object.fromEntries([...tokens.layers].map(([name, values]) => [name, [...values.subarray(from, to)]]));
  return { layers, steps, pooled: poolingsOfText(folder, own), basis, trusted };
}

function allScores(folder: string): NonNullable<typeof lastScores> {
  const key = `${folder}:${statSync(join(folder, 'scores')).mtimeMs}`;
  if (lastScores?.key === key) return lastScores;
  lastScores = undefined;
  const { test, heldOut, labels } = tokenScoresOf(folder);
  const starts = new Float64Array(test.counts.length + 1);
  test.counts.forEach((count, i) => (starts[i + 1] = starts[i]! + count));
  const isClean = new Uint8Array(starts.at(-1));
  labels.forEach((label, i) => isClean.fill(1 - label, starts[i], starts[i + 1]));
  let trusted = 0;
  const stepsOf = (name: string, values: Float32Array): [string, number[]] => {
    const own = heldOut?.layers.get(name) ?? values.filter((_, i) => isClean[i] === 1);
    trusted = own.length;
    const sorted = Float64Array.from(own).sort();
    return [name, tokenSteps.map((share) => quantile(sorted, share))];
  };
  const steps = Object.fromEntries([...test.layers].map(([name, values]) => stepsOf(name, values)));
  lastScores = { key, tokens: test, starts, steps, basis: heldOut ? 'held-out' : 'clean', trusted };
  return lastScores;
}

/** Trusted samples that are looked at, numbers of them that are held, and how many are shown. */
const mostSearched = 2000;
const mostNumbers = 2 ** 24;
const shownNeighbours = 3;
const batchSize = 64;

/** The trusted samples of a run at a layer, as they were asked for last. */
let lastVectors: { key: string; values: Float32Array; indices: Int32Array } | undefined;

/**
 * Returns the trusted samples nearest to a test sample of the run in `folder`: Euclidean distance between activations at a layer,
 * the last one the detector looks at for the score over all of them. Of many trusted samples some are looked at, evenly spaced.
 * @throws CupbearerError as `runSamples`, `cancelled`.
 */
export async function nearTrusted(
  { folder, position, layer, tokens }: { folder: string; position: number } & Pick<Neighbours, 'layer' | 'tokens'>,
  context: InspectionContext,
): Promise<Neighbours> {
  const tested = await testedBy(folder, context);
  const { dataset, index } = placeOf(position, tested);
  const at = layer === allLayers ? lastLayer(folder) : layer;
  const vectors = async (source: ActivationSource, from: Dataset, indices: Int32Array) => {
    const width = sizeOf(source.activationShape(at).slice(-1));
    const values = new Float32Array(indices.length * width);
    const options = { names: [at], pooling: 'mean', tokens, batchSize, indices, signal: context.signal } as const;
    let done = 0;
    for await (const batch of activationBatches(source, from, options)) {
      const own = batch.layers.get(at)!;
      values.set(own, done);
      done += own.length;
    }
    return values;
  };
  return withSource(tested, async (source) => {
    const width = sizeOf(source.activationShape(at).slice(-1));
    const { trusted } = tested;
    const count = Math.min(mostSearched, trusted.indices.length, Math.max(1, Math.floor(mostNumbers / width)));
    const key = [folder, at, tokens].join('\n');
    if (lastVectors?.key !== key) {
      const indices = Int32Array.from(
        { length: count },
        (_, i) => trusted.indices[Math.floor((i * trusted.indices.length) / count)]!,
      );
      lastVectors = { key, indices, values: await vectors(source, trusted.dataset, indices) };
    }
    const { values, indices } = lastVectors;
    const own = await vectors(source, dataset, Int32Array.of(index));
    const distances = Float64Array.from(indices, (_, i) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (values[i * width + k]! - own[k]!) ** 2;
      return Math.sqrt(sum);
    });
    const nearest = [...distances.keys()]
      .sort((a, b) => distances[a]! - distances[b]! || a - b)
      .slice(0, shownNeighbours)
      .map((i) => ({ distance: distances[i]!, ...wordsOfTrusted(trusted.dataset, indices[i]!) }));
    return { layer: at, tokens, searched: count, of: trusted.indices.length, nearest };
  });
}

function lastLayer(folder: string): string {
  const names = Object.keys(readEvaluation(folder).layers).filter((name) => name !== allLayers);
  const last = names.at(-1);
  if (last !== undefined) return last;
  throw new CupbearerError('bad-data', `The evaluation in "${folder}" has no layer.`);
}

/** The text of a trusted sample, and a short word of its metadata that says where it comes from. */
function wordsOfTrusted(dataset: Dataset, index: number): { text: string; note: string } {
  const [text = ''] = textsOf(dataset, [index], dataset.read([index], 0));
  const [row = {}] = dataset.metadata?.rows([index]) ?? [];
  return { text: text.slice(0, 10 * mostCharacters), note: shortValue(row['source'] ?? row['id'] ?? '') };
}

/** Asks the source of a task, which is a network of the model's folder unless activations were recorded. */
async function withSource<T>(tested: Tested, ask: (source: ActivationSource) => Promise<T>): Promise<T> {
  if (tested.recorded) return ask(tested.recorded);
  if (!tested.model) throw new CupbearerError('bad-data', 'The model of this run is not known.');
  await startEngine('auto');
  const { source, fingerprint } = openClassifier(tested.model.folder);
  try {
    if (tested.model.fingerprint === undefined || tested.model.fingerprint === fingerprint) return await ask(source);
    throw new CupbearerError('bad-data', `The model in "${tested.model.folder}" is not the one that was scored.`, {
      hint: 'Repeat the run to score the model as it is now.',
    });
  } finally {
    source.dispose();
  }
}

/** Returns the columns of metadata that the test samples of a run have. @throws CupbearerError as `runSamples`. */
export async function metadataColumns(
  { folder }: { folder: string },
  context: InspectionContext,
): Promise<{ columns: string[] }> {
  const { clean } = await testedBy(folder, context);
  const columns = clean.dataset.metadata?.columns ?? [];
  return { columns: columns.filter((name) => name !== 'tokens' && name !== 'text').slice(0, mostColumns) };
}

/** Returns what test samples of a run have in a column of metadata. @throws CupbearerError as `runSamples`, `usage`. */
export async function metadataValues(
  { folder, column, positions }: { folder: string; column: string; positions: number[] },
  context: InspectionContext,
): Promise<{ values: (string | number | null)[] }> {
  const tested = await testedBy(folder, context);
  const values = positions.map((position) => {
    const { dataset, index } = placeOf(position, tested);
    if (!dataset.metadata?.columns.includes(column))
      throw new CupbearerError('usage', `The test samples have no column "${column}" of metadata.`);
    const value = dataset.metadata.rows([index])[0]?.[column] ?? null;
    return value === null || typeof value === 'number' ? value : shortValue(value);
  });
  return { values };
}
