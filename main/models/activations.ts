import { CupbearerError } from '../../shared/errors.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { given } from '../../shared/given.ts';
import type { ActivationSource, AskedSamples } from './activation-source.ts';
import type { ActivationStore, KeptPart } from './activation-store.ts';
import { batchesAhead, otherWork, range, slices } from './batches.ts';
import { KeptPass } from './kept-pass.ts';
import { activationDims, pooledAs, type PoolingOptions } from './pooling.ts';

/**
 * Some samples with their activations: per layer a row-major matrix `[size, dims]`; with tokens `each` one of the tokens of all
 * samples, one after another.
 */
export interface ActivationBatch {
  size: number;
  /** `[size]` */
  labels: Int32Array;
  /** Indices of the samples in their dataset. */
  indices: Int32Array;
  layers: ReadonlyMap<string, Float32Array>;
  /** The model's outputs, `[size, classes]`, if they were requested. */
  logits?: Float32Array;
  /** The samples themselves, `[size, ...shape]`, if they were requested. */
  inputs?: Float32Array;
}

/** What is asked of a pass over a dataset. */
export interface PassOptions extends PoolingOptions {
  names: readonly string[];
  batchSize: number;
  /** Whether the model's outputs are wanted, too. */
  logits?: boolean;
  /** Whether the samples themselves are wanted, too. */
  inputs?: boolean;
  indices?: Int32Array;
  /** What a sample of the dataset is called in messages; its index unless given. */
  nameOf?: (index: number) => number;
  signal?: AbortSignal | undefined;
  /** Where what the model makes of data is kept; all is computed unless given. */
  store?: ActivationStore | undefined;
}

/**
 * Asks the source for the named activations of a dataset and yields them, batch by batch, in order. With a store, what an earlier
 * pass has kept there is taken from it, bit for bit, and the source is asked for the rest, if there is any.
 * @throws CupbearerError `non-finite` naming layer and sample if an activation or an input is not a number.
 */
export function activationBatches(
  source: ActivationSource,
  dataset: Dataset,
  options: PassOptions,
): AsyncGenerator<ActivationBatch> {
  const batches = oneAfterAnother(source, dataset, options);
  return source.isAwaited ? askedAhead(batches) : batches;
}

async function* oneAfterAnother(
  source: ActivationSource,
  dataset: Dataset,
  options: PassOptions,
): AsyncGenerator<ActivationBatch> {
  const { store, inputs: wantsInputs = false } = options;
  const batchSize = Math.min(options.batchSize, source.largestBatch({ logits: false, ...options }));
  const order = options.indices ?? range(dataset.length);
  const { layers, logits, labels } = partsOf(source, options);
  const parts = [...layers.values(), ...(logits ? [logits] : []), ...(wantsInputs ? [] : [labels])];
  const kept = new KeptPass(store, parts, { dataset, order, batchSize });
  let samples: ReturnType<typeof batchesAhead> | undefined;
  let number = 0;
  try {
    for (const indices of slices(order, batchSize)) {
      checkNotCancelled(options.signal, 'The pass over the data');
      const values = kept.read(number);
      const missing = parts.filter((part) => !values.has(part));
      // What is missing stays so: once samples are read, those of all later batches are.
      if (missing.length > 0 || wantsInputs)
        samples ??= batchesAhead(dataset, order.subarray(number * batchSize), batchSize);
      const batch = samples && (await nextOf(samples));
      if (batch) {
        // ReLU would turn NaN into 0 unnoticed.
        checkFinite('the input', batch.inputs, indices, options.nameOf);
        values.set(labels, batch.labels);
        for (const [part, found] of await observe(source, { dataset, indices, batch }, missing, options)) {
          checkFinite(
            nameOf(part),
            found,
            indices,
            options.nameOf,
            countsOf(source, part, { dataset, indices }, options),
          );
          values.set(part, found);
        }
        for (const part of missing) kept.keep(part, values.get(part)!);
      }
      store?.count(
        indices.length,
        missing.some((part) => part !== labels),
      );
      number++;
      if (number * batchSize >= order.length) kept.finish();
      await otherWork();
      yield {
        size: indices.length,
        indices,
        // Each part is there by now, in the type of its kind.
        labels: values.get(labels) as Int32Array,
        layers: new Map([...layers].map(([name, part]) => [name, values.get(part) as Float32Array])),
        ...given({
          logits: logits && (values.get(logits) as Float32Array),
          inputs: wantsInputs ? batch?.inputs : undefined,
        }),
      };
    }
  } finally {
    kept.close();
    await samples?.return(undefined);
  }
}

/** Yields the same; each is asked for while the one before it is worked on. */
async function* askedAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  const ask = () => {
    const asked = items.next();
    // It is awaited in its turn; until then nothing else hears of a failure.
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask();
  try {
    for (;;) {
      const current = await next;
      if (current.done) return;
      next = ask();
      yield current.value;
    }
  } finally {
    await items.return(undefined);
  }
}

/** What a pass yields of each sample. */
function partsOf(source: ActivationSource, options: PassOptions) {
  const layers = options.names.map((layer): [string, KeptPart] => [
    layer,
    { what: { layer, pooled: pooledAs(source, layer, options) }, width: widthOf(source, layer, options) },
  ]);
  const logits: KeptPart | undefined = options.logits ? { what: 'logits', width: outputWidthOf(source) } : undefined;
  const labels: KeptPart = { what: 'labels', width: 1 };
  return { layers: new Map(layers), logits, labels };
}

/** Numbers that a sample has at an activation, of the longest sample where they differ. */
function widthOf(source: ActivationSource, layer: string, options: PassOptions): number {
  const dims = activationDims(source, layer, options);
  const shape = source.activationShape(layer);
  return options.tokens === 'each' && shape.length === 2 && options.token_position === undefined
    ? shape[0]! * dims
    : dims;
}

function outputWidthOf({ outputWidth }: ActivationSource): number {
  if (outputWidth !== undefined) return outputWidth;
  throw new CupbearerError('internal', 'Outputs were asked of a source that gives none.');
}

function nameOf({ what }: KeptPart): string {
  return typeof what === 'object' ? what.layer : 'the output';
}

async function nextOf(samples: ReturnType<typeof batchesAhead>): Promise<Batch> {
  const next = await samples.next();
  if (next.done) throw new CupbearerError('internal', 'A pass over data ended before its last batch.');
  return next.value.batch;
}

/** Those of the parts that the source gives. */
async function observe(
  source: ActivationSource,
  samples: AskedSamples,
  parts: readonly KeptPart[],
  options: PoolingOptions,
): Promise<[KeptPart, Float32Array][]> {
  const layers = parts.filter(({ what }) => typeof what === 'object');
  const logits = parts.filter(({ what }) => what === 'logits');
  if (layers.length + logits.length === 0) return [];
  const { pooling, tokens, token_position } = options;
  const wanted = {
    pooling,
    ...given({ tokens, token_position }),
    names: layers.map(nameOf),
    logits: logits.length > 0,
  };
  const values = await source.observe(samples, wanted);
  return [...layers, ...logits].map((part, i) => [part, values[i]!]);
}

/** How many vectors each sample has in a part, where every token is one. */
function countsOf(
  source: ActivationSource,
  { what }: KeptPart,
  samples: Pick<AskedSamples, 'dataset' | 'indices'>,
  { tokens }: PoolingOptions,
): Int32Array | undefined {
  if (tokens !== 'each' || typeof what !== 'object') return undefined;
  return source.activationShape(what.layer).length === 2 ? source.tokenCounts(what.layer, samples) : undefined;
}

function checkFinite(
  name: string,
  values: Float32Array,
  indices: Int32Array,
  nameOf = (index: number) => index,
  counts: Int32Array = new Int32Array(indices.length).fill(1),
): void {
  let at = 0;
  while (at < values.length && Number.isFinite(values[at])) at++;
  if (at === values.length) return;
  const total = counts.reduce((sum, count) => sum + count, 0);
  let row = Math.floor(at / (values.length / total));
  const place = counts.findIndex((count) => (row -= count) < 0);
  const sample = nameOf(indices[place]!);
  throw new CupbearerError('non-finite', `A value of sample ${sample} at ${name} is ${values[at]}.`, {
    hint: 'The weights of the model or the inputs are not finite.',
    details: { layer: name, sample },
  });
}
