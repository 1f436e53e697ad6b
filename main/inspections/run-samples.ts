import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { readSpec, scoredSamples } from '../storage/run-folder.ts';
import type { ScoredSamples } from '../storage/scores.ts';
import { taskRegistry } from '../tasks/index.ts';
import { startEngine } from '../tensor/engine.ts';
import type { InspectionContext, LooseSamples } from './inspection.ts';
import { readStoredSpec } from '../runs/stored-spec.ts';
import { labelsOf, textsOf } from './show-samples.ts';

/** What was tested, as the run's own arrays tell it: what its task would test today need not be the same. */
interface Tested extends ScoredSamples {
  clean: Dataset;
  anomalous: Dataset;
}

/** The test data of the runs that were asked about last: rebuilding a task reads all its data. */
const built = new Map<string, Promise<Tested>>();
const mostBuilt = 4;

/**
 * Test samples of the run in `folder` by their places in its score arrays, as the model saw them (there is no `changed`).
 * @throws CupbearerError `usage` for a place beyond the end; `not-found` or `bad-data` where model or data have gone, or are
 *   not those that were scored.
 */
export async function runSamples(
  { folder, positions }: { folder: string; positions: number[] },
  context: InspectionContext,
): Promise<LooseSamples> {
  const tested = await testedBy(folder, context);
  const shown = positions.map((position) => {
    const { dataset, index } = placeOf(position, tested);
    const batch = dataset.read([index], 0);
    return { batch, dataset, index, label: labelsOf(dataset, batch)[0]! };
  });
  const common = {
    labels: shown.map(({ label }) => label),
    changedLabels: null,
    indices: shown.map(({ index }) => index),
  };
  const { shape } = tested.clean;
  if (shape.length !== 3) {
    const texts = shown.map(({ dataset, batch }) => textsOf(dataset, batch)[0]!);
    return { kind: 'texts', clean: texts, changed: null, ...common };
  }
  const size = shape.reduce((product, side) => product * side, 1);
  const clean = new Float32Array(shown.length * size);
  shown.forEach(({ batch }, i) => clean.set(batch.inputs, i * size));
  return { kind: 'images', shape: [...shape], count: shown.length, arrays: { clean }, ...common };
}

/** Samples that are read at once. */
const batchSize = 1000;

/**
 * The places, in its score arrays, of the test samples of the run in `folder` whose text has `text` in it, in whatever case; none
 * where the samples are images. @throws CupbearerError as {@link runSamples}, `cancelled`.
 */
export async function findSamples(
  { folder, text }: { folder: string; text: string },
  context: InspectionContext,
): Promise<{ positions: Int32Array }> {
  const tested = await testedBy(folder, context);
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (tested.clean.shape.length === 3) return { positions: new Int32Array() };
  for (const kind of [0, 1]) {
    const positions = [...tested.labels.keys()].filter((position) => tested.labels[position] === kind);
    for (let at = 0; at < positions.length; at += batchSize) {
      // A breath, in which a question that nobody asks any more is taken back.
      await new Promise((resolve) => setImmediate(resolve));
      if (context.signal.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
      const some = positions.slice(at, at + batchSize);
      const places = some.map((position) => placeOf(position, tested));
      const { dataset } = places[0]!;
      const indices = places.map(({ index }) => index);
      const texts = textsOf(dataset, dataset.read(indices, 0));
      texts.forEach((one, i) => one.toLowerCase().includes(wanted) && found.push(some[i]!));
    }
  }
  return { positions: Int32Array.from(found).sort() };
}

function placeOf(position: number, { labels, sampleIndex, ...tested }: Tested): { dataset: Dataset; index: number } {
  const index = sampleIndex[position];
  if (index === undefined)
    throw new CupbearerError(
      'usage',
      `There are ${labels.length} test samples; number ${position} (from 0) was asked for.`,
    );
  const [kind, dataset] = labels[position] === 1 ? ['anomalous', tested.anomalous] : ['clean', tested.clean];
  if (index >= dataset.length)
    throw new CupbearerError(
      'bad-data',
      `The run scored number ${index} of the ${kind} data, of which there are ${dataset.length} now: its data have changed since.`,
    );
  return { dataset, index };
}

async function testedBy(folder: string, context: InspectionContext): Promise<Tested> {
  const known = built.get(folder);
  if (known) return known;
  const tested = buildTested(folder, context);
  built.set(folder, tested);
  for (const [oldest] of built) if (built.size > mostBuilt) built.delete(oldest);
  tested.catch(() => built.delete(folder));
  return tested;
}

async function buildTested(folder: string, { dataDir, datasets: cache }: InspectionContext): Promise<Tested> {
  const { kind, spec, data_dir: ownDataDir = dataDir } = readSpec(folder);
  const stored = readStoredSpec(kind, spec);
  if (stored.kind === 'classifier')
    throw new CupbearerError('usage', `The run in "${folder}" has no test samples: it has no task.`);
  const { task } = stored.sound;
  if (!task) throw new CupbearerError('bad-data', `The test samples of "${folder}" are not known. ${stored.fault}`);
  const scored = scoredSamples(folder);
  // A task holds its model, which no engine can hold before it is started.
  await startEngine('auto');
  const { name, ...params } = task;
  const { network, test } = await taskRegistry.get(name).build(params, { dataDir: ownDataDir, cache });
  network.dispose();
  const ofKind = (anomalous: boolean) => {
    const part = test.find((one) => one.anomalous === anomalous);
    if (part) return part.dataset;
    throw new CupbearerError(
      'bad-data',
      `The test data of "${folder}" hold no ${anomalous ? 'anomalous' : 'clean'} samples.`,
    );
  };
  return { ...scored, clean: ofKind(false), anomalous: ofKind(true) };
}
