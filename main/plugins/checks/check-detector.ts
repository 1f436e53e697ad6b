import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import type { Described } from '../../../shared/plugin/description.ts';
import { RandomStream } from '../../tensor/random.ts';
import type { PluginState, SampleBatch, SampleStream } from '../plugin-process.ts';
import { failure, tolerance, trialSeed, type Check, type Params, type Trial } from './trial.ts';

/** How soon a plugin that is cancelled has to have stopped. */
const cancelMs = 1_000;

/** Layers of the toy data. */
const toyLayers = [
  { name: 'first', dims: 6 },
  { name: 'second', dims: 3 },
];
const toyClasses = 3;
const toyShape = [4, 4, 1];
const sizes = { trusted: 60, untrusted: 48, test: 20 };

/** Samples about three centres; activations are `scale` times as large. */
function toyBatch(part: keyof typeof sizes, scale = 1): SampleBatch {
  const size = sizes[part];
  const stream = RandomStream.from(0, 'check-plugin', part);
  const labels = Int32Array.from({ length: size }, (_, i) => i % toyClasses);
  const normals = (count: number) => Float32Array.from({ length: count }, () => stream.normal());
  const layers = new Map(
    toyLayers.map(({ name, dims }) => {
      const x = normals(size * dims);
      for (let i = 0; i < size; i++) x[i * dims + (labels[i]! % dims)]! += 3;
      return [name, x.map((value) => value * scale)];
    }),
  );
  return {
    size,
    labels,
    indices: Int32Array.from({ length: size }, (_, i) => i),
    layers,
    logits: normals(size * toyClasses),
    inputs: normals(size * 16).map((value) => 1 / (1 + Math.exp(-value))),
  };
}

/** Some rows of a batch. */
function rowsOf(batch: SampleBatch, from: number, to: number): SampleBatch {
  const cut = (values: Float32Array) => {
    const width = values.length / batch.size;
    return values.slice(from * width, to * width);
  };
  return {
    size: to - from,
    labels: batch.labels.slice(from, to),
    indices: batch.indices.slice(from, to),
    layers: new Map([...batch.layers].map(([name, values]) => [name, cut(values)])),
    ...given({ logits: batch.logits && cut(batch.logits), inputs: batch.inputs && cut(batch.inputs) }),
  };
}

function toyStream(part: 'trusted' | 'untrusted', { needs }: Described<'detector'>, scale: number): SampleStream {
  const batch = granted(toyBatch(part, scale), needs);
  return {
    length: batch.size,
    ...(part === 'untrusted' && needs.anomalyLabels
      ? { anomalous: Uint8Array.from({ length: batch.size }, (_, i) => (i % 4 === 0 ? 1 : 0)) }
      : {}),
    async *batches() {
      for (let from = 0; from < batch.size; from += 16) yield rowsOf(batch, from, Math.min(batch.size, from + 16));
    },
  };
}

/** A batch with what a detector asks for. */
function granted({ logits, inputs, ...batch }: SampleBatch, needs: Described<'detector'>['needs']): SampleBatch {
  return { ...batch, ...(needs.logits ? { logits } : {}), ...(needs.inputs ? { inputs } : {}) };
}

export async function checkDetector(
  definition: Described<'detector'>,
  params: Params,
  trial: Trial,
  check: Check,
): Promise<void> {
  const { id, needs } = definition;
  const features = (scale = 1) => ({
    layers: needs.layers === 0 ? [] : toyLayers,
    ...(needs.trusted ? { trusted: toyStream('trusted', definition, scale) } : {}),
    ...(needs.untrusted ? { untrusted: toyStream('untrusted', definition, scale) } : {}),
  });
  const fit = async (scale = 1) => (await trial.process()).fit(id, params, features(scale), trialSeed, toyShape);
  const scoreWith = async (state: PluginState, batch: SampleBatch, size: number) => {
    const running = await trial.process();
    await running.load(id, params, state, trialSeed);
    const scores = new Map<string, number[]>();
    for (let from = 0; from < batch.size; from += size) {
      const part = rowsOf(batch, from, Math.min(batch.size, from + size));
      for (const [layer, values] of await running.score(part, toyShape))
        scores.set(layer, [...(scores.get(layer) ?? []), ...values]);
    }
    return scores;
  };
  const test = granted(toyBatch('test'), needs);

  const state = await check('learns from toy data', () => fit());
  if (!state) return;
  const scores = await check('gives one finite score a sample, by layer', () => scoreWith(state, test, test.size));
  if (!scores) return;
  await check('scores the same bits in a process that only knows what it has learned', async () => {
    await trial.end();
    same(scores, await scoreWith(state, test, test.size), 'after a reload');
  });
  await check('learns and scores the same with the same seed', async () =>
    same(scores, await scoreWith(await fit(), test, test.size), 'fitted again with the same seed'),
  );
  if (!definition.dependsOnBatch)
    await check('scores a sample alone as among others', async () => close(scores, await scoreWith(state, test, 1)));
  if (!definition.dependsOnScale)
    for (const scale of [2 ** -14, 2 ** 14])
      await check(
        `ranks samples alike where activations are ${scale < 1 ? '2^-14' : '2^14'} times as large`,
        async () => {
          const scaled = await scoreWith(await fit(scale), granted(toyBatch('test', scale), needs), test.size);
          rankedAlike(scores, scaled);
        },
      );
  if (needs.trusted || needs.untrusted)
    await check('stops within a second when it is cancelled', async () => {
      const abort = new AbortController();
      const running = await trial.process(abort.signal);
      // Before that its packages may take long to load.
      let asked = Infinity;
      const waiting: SampleStream = {
        length: 1_000,
        async *batches() {
          yield rowsOf(granted(toyBatch('trusted'), needs), 0, 16);
          setTimeout(() => {
            asked = Date.now();
            abort.abort();
          }, 20);
          await new Promise((resolve) => abort.signal.addEventListener('abort', resolve));
        },
      };
      const streams = {
        layers: toyLayers,
        ...(needs.trusted ? { trusted: waiting } : {}),
        ...(needs.untrusted ? { untrusted: waiting } : {}),
      };
      const ended = await running.fit(id, params, streams, trialSeed, toyShape).then(
        () => 'it went on',
        (error: unknown) => (error instanceof CupbearerError && error.code === 'cancelled' ? undefined : String(error)),
      );
      const took = Date.now() - asked;
      await trial.end();
      if (ended !== undefined) throw failure(`It was cancelled, but ${ended}.`);
      if (took > cancelMs) throw failure('It took more than a second to stop.');
    });
}

type Scores = ReadonlyMap<string, readonly number[]>;

function same(before: Scores, after: Scores, when: string): void {
  for (const [layer, values] of before) {
    const other = after.get(layer);
    if (!other) throw failure(`It has no scores of "${layer}" ${when}.`);
    const at = values.findIndex((value, i) => !Object.is(value, other[i]));
    if (at !== -1) throw failure(`Sample ${at} scores ${values[at]} at "${layer}", and ${other[at]} ${when}.`);
  }
}

function close(among: Scores, alone: Scores): void {
  for (const [layer, values] of among) {
    const largest = Math.max(...values.map(Math.abs), 1e-3);
    const other = alone.get(layer) ?? [];
    const at = values.findIndex((value, i) => !(Math.abs(value - other[i]!) / largest < tolerance));
    if (at !== -1)
      throw new CupbearerError(
        'plugin',
        `Sample ${at} scores ${values[at]} at "${layer}" among others and ${other[at]} alone.`,
        { hint: 'Set dependsOnBatch (Python: depends_on_batch) if the method wants it so.' },
      );
  }
}

function rankedAlike(before: Scores, after: Scores): void {
  for (const [layer, values] of before) {
    const other = after.get(layer) ?? [];
    const range = Math.max(...values) - Math.min(...values);
    for (const [i, value] of values.entries())
      for (let k = 0; k < i; k++) {
        const difference = value - values[k]!;
        if (Math.abs(difference) <= tolerance * range) continue;
        if (Math.sign(other[i]! - other[k]!) === Math.sign(difference)) continue;
        throw new CupbearerError('plugin', `At "${layer}", samples ${k} and ${i} change their order.`, {
          hint: 'Say why in dependsOnScale (Python: depends_on_scale) if the method wants it so.',
        });
      }
  }
}
