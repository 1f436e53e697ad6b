import { CupbearerError } from '../../shared/errors.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { readSpec } from '../storage/run-folder.ts';
import { taskRegistry } from '../tasks/index.ts';
import type { TestPart } from '../tasks/task.ts';
import { startEngine } from '../tensor/engine.ts';
import type { InspectionContext, LooseSamples } from './inspection.ts';
import { readStoredSpec } from '../runs/stored-spec.ts';
import { labelsOf, textsOf } from './show-samples.ts';
import { isPoisonedDataset } from '../data/transforms/poisoning.ts';

/** The test data of the runs that were asked about last: rebuilding a task reads all its data. */
const built = new Map<string, Promise<readonly TestPart[]>>();
const mostBuilt = 4;

/**
 * Test samples of the run in `folder` by their places in its score arrays, as the model saw them (there is no `changed`).
 * @throws CupbearerError `usage` for a place beyond the end; `not-found` or `bad-data` where model or data have gone.
 */
export async function runSamples(
  { folder, positions }: { folder: string; positions: number[] },
  context: InspectionContext,
): Promise<LooseSamples> {
  const parts = await testParts(folder, context);
  const places = positions.map((position) => placeOf(position, parts));
  const shown = places.map(({ part, index }) => {
    const batch = part.dataset.read([index], 0);
    return {
      batch,
      dataset: part.dataset,
      label: labelsOf(part.dataset, batch)[0]!,
      twin: twinOf(part.dataset, index),
    };
  });
  const common = {
    labels: shown.map(({ label }) => label),
    changedLabels: null,
    indices: places.map(({ index }) => index),
  };
  const { shape } = parts[0]!.dataset;
  if (shape.length !== 3) {
    const texts = shown.map(({ dataset, batch }: { dataset: Dataset; batch: Batch }) => textsOf(dataset, batch)[0]!);
    const before = shown.map(({ twin }) => (twin ? textsOf(twin.dataset, twin.batch)[0]! : null));
    return { kind: 'texts', clean: texts, changed: null, before, ...common };
  }
  const size = shape.reduce((product, side) => product * side, 1);
  const clean = new Float32Array(shown.length * size);
  shown.forEach(({ batch }, i) => clean.set(batch.inputs, i * size));
  const hasBefore = shown.map(({ twin }) => twin !== undefined);
  const before = new Float32Array(shown.length * size);
  shown.forEach(({ twin }, i) => twin && before.set(twin.batch.inputs, i * size));
  return { kind: 'images', shape: [...shape], count: shown.length, arrays: { clean, before }, hasBefore, ...common };
}

/** A sample as it was before it got its trigger; undefined for one that carries none. */
function twinOf(dataset: Dataset, index: number): { dataset: Dataset; batch: Batch } | undefined {
  if (!isPoisonedDataset(dataset) || !dataset.isPoisoned(index)) return undefined;
  return { dataset: dataset.clean, batch: dataset.clean.read([index], 0) };
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
  const parts = await testParts(folder, context);
  const wanted = text.toLowerCase();
  const found: number[] = [];
  let start = 0;
  for (const { dataset, indices } of parts) {
    if (dataset.shape.length === 3) return { positions: new Int32Array() };
    for (let at = 0; at < indices.length; at += batchSize) {
      // A breath, in which a question that nobody asks any more is taken back.
      await new Promise((resolve) => setImmediate(resolve));
      if (context.signal.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
      const texts = textsOf(dataset, dataset.read(indices.slice(at, at + batchSize), 0));
      texts.forEach((one, i) => one.toLowerCase().includes(wanted) && found.push(start + at + i));
    }
    start += indices.length;
  }
  return { positions: Int32Array.from(found) };
}

function placeOf(position: number, parts: readonly TestPart[]): { part: TestPart; index: number } {
  let start = 0;
  for (const part of parts) {
    if (position < start + part.indices.length) return { part, index: part.indices[position - start]! };
    start += part.indices.length;
  }
  throw new CupbearerError('usage', `There are ${start} test samples; number ${position} (from 0) was asked for.`);
}

async function testParts(folder: string, context: InspectionContext): Promise<readonly TestPart[]> {
  const known = built.get(folder);
  if (known) return known;
  const parts = buildTestParts(folder, context);
  built.set(folder, parts);
  for (const [oldest] of built) if (built.size > mostBuilt) built.delete(oldest);
  parts.catch(() => built.delete(folder));
  return parts;
}

async function buildTestParts(folder: string, { dataDir, datasets: cache }: InspectionContext) {
  const { kind, spec, data_dir: ownDataDir = dataDir } = readSpec(folder);
  const stored = readStoredSpec(kind, spec);
  if (stored.kind === 'classifier')
    throw new CupbearerError('usage', `The run in "${folder}" has no test samples: it has no task.`);
  const { task } = stored.sound;
  if (!task) throw new CupbearerError('bad-data', `The test samples of "${folder}" are not known. ${stored.fault}`);
  // A task holds its model, which no engine can hold before it is started.
  await startEngine('auto');
  const { name, ...params } = task;
  const { network, test } = await taskRegistry.get(name).build(params, { dataDir: ownDataDir, cache });
  network.dispose();
  return test;
}
