import { CupbearerError } from '../../shared/errors.ts';
import { isBackdoorDataset } from '../data/datasets/backdoor.ts';
import { loadDataset, loadSplit } from '../data/datasets/load.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import type { Dataset, DatasetContext } from '../data/dataset.ts';
import { disguiseOf } from '../data/triggers/index.ts';
import { range } from '../models/batches.ts';
import { writeModelDescription, writeWeights } from '../models/files.ts';
import { Network } from '../models/network.ts';
import { copyGraph } from '../models/onnx/graph-files.ts';
import { specFor } from '../models/network-outline.ts';
import { createOptimizer } from '../models/optimizers/index.ts';
import { predict, trainClassifier } from '../models/training.ts';
import type { TrainClassifierSpec } from '../runs/classifier-spec.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { writeSpec } from '../storage/run-folder.ts';
import { writeTensorFile } from '../storage/tensor-file.ts';
import { isThere, within } from '../storage/within-folder.ts';
import { triggerFile } from '../tasks/classifier.ts';
import type { InspectionContext } from './inspection.ts';
import type { PhaseTimes } from './phase-times.ts';

/** Timed for about this long, milliseconds, after two steps that warm up. */
const targetMs = 800;
const mostSteps = 100;
/** Enough samples for the time of a forward pass. */
const predicted = 500;

/** Times a few steps and a look at validation data. @throws CupbearerError `cancelled`, `usage` if it cannot be estimated. */
export async function measureTraining(spec: TrainClassifierSpec, context: InspectionContext): Promise<PhaseTimes> {
  const { value: data, loadMs } = await context.datasets.measure(() => load(spec, context));
  const { training, validation } = data;
  const network = new Network(specFor(spec.model, training), spec.seed);
  const optimizer = createOptimizer(spec.optim);
  const train = async (maxSteps: number) => {
    const start = performance.now();
    const { seed, batch_size: batchSize } = spec;
    // As many epochs as it takes: the data may be fewer than a batch.
    const options = { network, optimizer, dataset: training, epochs: maxSteps, batchSize, maxSteps, seed };
    await trainClassifier({ ...options, signal: context.signal });
    return (performance.now() - start) / maxSteps;
  };
  try {
    await train(1);
    const rough = await train(1);
    const stepMs = await train(Math.round(Math.min(mostSteps, Math.max(1, targetMs / rough))));
    const planned = spec.num_epochs * Math.ceil(training.length / spec.batch_size);
    const steps = Math.min(planned, spec.max_steps ?? Infinity);
    const epochs = Math.ceil((spec.num_epochs * steps) / planned);
    const looks = validation.reduce((sum, { length }) => sum + length, 0);
    const sampleMs = await forwardMs(network, validation[0]!, context.signal);
    return { Data: loadMs, Train: steps * stepMs + epochs * looks * sampleMs };
  } finally {
    optimizer.dispose();
    network.dispose();
  }
}

/** Milliseconds that a sample takes. */
async function forwardMs(network: Network, dataset: Dataset, signal: AbortSignal): Promise<number> {
  const indices = range(Math.min(predicted, dataset.length));
  const options = { batchSize: predicted, indices, signal };
  await predict(network, dataset, options);
  const start = performance.now();
  await predict(network, dataset, options);
  return (performance.now() - start) / indices.length;
}

async function load(spec: TrainClassifierSpec, { dataDir, signal, datasets: cache }: InspectionContext) {
  const { train_data: data, seed } = spec;
  const { original, trigger } = trainingData(data);
  if (trigger && disguiseOf(trigger))
    throw new CupbearerError('usage', 'The time of the attack on the poisoned samples cannot be estimated.');
  const context: DatasetContext = { dataDir, seed, signal, cache };
  const training = await loadDataset(data, context);
  if (spec.val_data) {
    const own = await Promise.all(Object.values(spec.val_data).map((wanted) => loadDataset(wanted, context)));
    return { training, validation: own };
  }
  const clean = await loadSplit(original, { train: false, augment: false }, context);
  return { training, validation: trigger ? [clean, clean] : [clean] };
}

/** Makes `folder` look like a run that has trained the classifier, with weights as they are at the start. */
export async function writeUntrainedClassifier(
  folder: string,
  spec: TrainClassifierSpec,
  { dataDir, signal, datasets: cache }: InspectionContext,
): Promise<void> {
  const training = await loadDataset(spec.train_data, { dataDir, seed: spec.seed, signal, cache });
  const network = new Network(specFor(spec.model, training), spec.seed);
  writeModelDescription(folder, network);
  writeWeights(folder, await network.state());
  network.dispose();
  if (isBackdoorDataset(training)) writeTensorFile(triggerFile(folder), training.trigger.state());
  writeSpec(folder, {
    format: 1,
    kind: 'classifier',
    spec,
    seed: spec.seed,
    engine: null,
    versions: {},
    fingerprints: {},
    parents: [],
    created_at: new Date().toISOString(),
  });
}

/** Copies what a task needs of a classifier, so that nothing that is measured is left in its run. */
export function copyClassifier(from: string, to: string): void {
  for (const name of ['spec.json', 'model.json', 'model.safetensors', 'trigger.safetensors'])
    if (isThere(within(from, name))) writeFileAtomically(within(to, name), readFileBytes(within(from, name)));
  copyGraph(from, to);
}
