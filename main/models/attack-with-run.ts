import { CupbearerError } from '../../shared/errors.ts';
import type { AttackRequest } from '../data/dataset.ts';
import { withClassesOf } from '../data/transforms/relabelled.ts';
import type { ByteFile } from '../storage/byte-file.ts';
import { hashJson } from '../storage/content-hash.ts';
import { requireRun } from '../storage/run-folder.ts';
import { attackMethod, attackSamples } from './attacks.ts';
import { readModel } from './files.ts';
import { fingerprintTensors } from './network.ts';
import { numbered } from '../../shared/format.ts';

/**
 * Attacks samples with a model that an earlier run has trained, from a random start; `model` stands for the model and
 * for the attack's method.
 * @throws CupbearerError `not-found` if there is no model, `usage` if the samples do not fit it.
 */
export async function attackWithRun(
  { runPath, dataset, indices, eps, stepSize, steps, seed }: AttackRequest,
  signal?: AbortSignal,
): Promise<{ inputs: ByteFile; model: string }> {
  const folder = requireRun(runPath);
  const network = readModel(folder);
  try {
    const { inputShape, classes } = network.spec;
    if (inputShape.join() !== dataset.shape.join() || classes.length !== dataset.classes.length) {
      throw new CupbearerError(
        'usage',
        `The classifier in ${folder} takes inputs of shape ${inputShape.join(' x ')} in ${numbered(classes.length, 'class', 'classes')}; the data has ${dataset.shape.join(' x ')} in ${dataset.classes.length}.`,
      );
    }
    const options = { eps, stepSize, steps, randomStart: true, seed };
    const labelled = withClassesOf(dataset, classes, 'to attack');
    const { inputs } = await attackSamples(network, labelled, indices, options, { signal });
    return { inputs, model: hashJson({ method: attackMethod, model: fingerprintTensors(await network.state()) }) };
  } finally {
    network.dispose();
  }
}
