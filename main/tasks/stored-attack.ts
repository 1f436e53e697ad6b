import { dirname } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { replaced } from '../data/transforms/replaced.ts';
import { attackMethod, attackSamples, attackSuccess, type AttackOptions } from '../models/attacks.ts';
import { replaceFolder } from '../storage/atomic-write.ts';
import type { ByteFile } from '../storage/byte-file.ts';
import { hashJson } from '../storage/content-hash.ts';
import { safetensorsParts } from '../storage/safetensors.ts';
import { openFloats } from '../storage/tensor-file.ts';
import { createFolderWithin, isThere, pathOf, within, type Within } from '../storage/within-folder.ts';
import { networkOf, openClassifier, type TrainedClassifier } from './classifier.ts';
import { fittedToClassifier } from './clean-data.ts';
import type { TaskContext } from './task.ts';
import { parameter, worded } from '../../shared/wording.ts';

/** The folder in that of a classifier's run with a folder for each attack. */
const attacksFolder = 'attacks';
const examplesFile = 'examples.safetensors';

/**
 * `dataset` with the samples at `indices` attacked; only these can be read. The attack is computed once, stored in the
 * classifier's run folder under `attacks/` by all that it depends on, and read back from then on.
 * @throws CupbearerError `usage` naming the rate if fewer of the samples that the classifier gets right are broken
 *   than `successThreshold`, 0 to 1; nothing is stored then.
 */
export async function attackedDataset(
  classifier: TrainedClassifier,
  dataset: Dataset,
  indices: Int32Array,
  options: AttackOptions,
  successThreshold: number,
  context: TaskContext,
): Promise<Dataset> {
  const key = hashJson({
    method: attackMethod,
    model: classifier.fingerprint,
    data: dataset.fingerprint,
    indices: fingerprint(new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength)),
    ...options,
  });
  const folder = within(classifier.folder, attacksFolder, key.slice(0, 16));
  const stored = within(folder.folder, folder.name, examplesFile);
  const examples = isThere(stored)
    ? readExamples(stored, key, indices.length)
    : await computeExamples(folder, key, { classifier, dataset, indices, options, successThreshold }, context);
  checkRate(examples.rate, successThreshold, classifier);
  return served(dataset, indices, examples.inputs, key);
}

/**
 * The same for people to look at, with `dataset` called by `name`: however few of the samples it breaks, and nothing is stored.
 * @throws CupbearerError `usage` where the classifier in `folder` cannot take the samples, `cancelled`.
 */
export async function attackedForNow(
  folder: string,
  { dataset, name }: { dataset: Dataset; name: string },
  indices: Int32Array,
  options: AttackOptions,
  { signal }: TaskContext,
): Promise<Dataset> {
  const classifier = openClassifier(folder);
  try {
    const fitted = fittedToClassifier(classifier, dataset, name);
    const { inputs } = await attackSamples(networkOf(classifier), fitted, indices, options, { signal });
    return served(
      dataset,
      indices,
      inputs,
      hashJson({ method: attackMethod, model: classifier.fingerprint, ...options }),
    );
  } finally {
    classifier.source.dispose();
  }
}

/**
 * Attacked inputs `[n, ...shape]` of float32 and the share of the rightly classified samples that the attack broke, 0
 * to 1.
 */
interface Examples {
  inputs: ByteFile;
  rate: number;
}

async function computeExamples(
  place: Within,
  key: string,
  attack: {
    classifier: TrainedClassifier;
    dataset: Dataset;
    indices: Int32Array;
    options: AttackOptions;
    successThreshold: number;
  },
  { signal, progress }: TaskContext,
): Promise<Examples> {
  const { classifier, dataset, indices, options, successThreshold } = attack;
  const result = await attackSamples(networkOf(classifier), dataset, indices, options, { signal, progress });
  const rate = attackSuccess(result);
  // Checked before anything is written, so that a failed attack leaves nothing behind.
  checkRate(rate, successThreshold, classifier);
  const tensors = {
    inputs: { shape: [indices.length, ...dataset.shape], data: result.inputs },
    index: { shape: [indices.length], data: indices.slice() },
    label: { shape: [indices.length], data: result.labels },
    predicted_before: { shape: [indices.length], data: result.before },
    predicted_after: { shape: [indices.length], data: result.after },
  };
  const about = { key, success_rate: String(rate), options: JSON.stringify(options) };
  createFolderWithin(within(classifier.folder, attacksFolder));
  replaceFolder(place, { [examplesFile]: safetensorsParts(tensors, about) });
  return { inputs: result.inputs, rate };
}

function readExamples(place: Within, key: string, count: number): Examples {
  const path = pathOf(place);
  try {
    const { shape, values, metadata } = openFloats(place, 'inputs');
    if (metadata['key'] === key && shape[0] === count)
      return { inputs: values, rate: Number(metadata['success_rate']) };
    throw new CupbearerError('bad-data', `${path} does not hold the attack that it is named for.`);
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'bad-data') throw error;
    const hint = `Delete the folder ${dirname(path)}; the attack is then computed again.`;
    throw new CupbearerError('bad-data', error.message, { hint, cause: error });
  }
}

function checkRate(rate: number, threshold: number, { folder }: TrainedClassifier): void {
  if (rate >= threshold) return;
  throw new CupbearerError(
    'usage',
    `The attack on the classifier in ${folder} changes ${(100 * rate).toFixed(1)} % of its right predictions; success_threshold asks for ${(100 * threshold).toFixed(1)} %.`,
    {
      hint: worded`Raise ${parameter('task.eps')} (and ${parameter('task.step_size')}) or ${parameter('task.steps')}, or lower ${parameter('task.success_threshold')}.`,
      details: { success_rate: rate },
    },
  );
}

/** The dataset with the attacked inputs in the place of its own. */
function served(dataset: Dataset, indices: Int32Array, inputs: ByteFile, key: string): Dataset {
  // The key does not say which engine computed them, and no two give the same bits.
  return replaced(
    dataset,
    { indices, inputs, others: 'refused' },
    fingerprint('attacked', dataset.fingerprint, key, inputs),
  );
}
