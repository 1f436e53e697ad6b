import type * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../../shared/errors.ts';
import { defaultPick, integer, type Picked } from '../../../shared/schema/fields.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { otherWork } from '../../models/batches.ts';
import { gradientStep, type Variables } from '../../models/gradient-step.ts';
import { createOptimizer, optimizerRegistry } from '../../models/optimizers/index.ts';
import type { DetectorContext, FeatureStream } from '../detector.ts';
import { shuffledBatches } from './sample-batches.ts';

/** Parameters of every detector that is trained by gradient descent on trusted data. */
export function trainingParams(defaults: { epochs: number; batchSize: number }) {
  return {
    num_epochs: integer({
      label: 'Epochs',
      help: 'Passes over the trusted data',
      unit: 'epochs',
      default: defaults.epochs,
      min: 1,
      max: 100_000,
    }),
    train_batch_size: integer({
      label: 'Training batch',
      help: 'Samples in one step',
      unit: 'samples',
      default: defaults.batchSize,
      min: 1,
      max: 1_000_000,
    }),
    optim: defaultPick(() => optimizerRegistry, {
      label: 'Optimizer',
      help: 'How the weights are updated',
      default: 'adam',
    }),
  };
}

interface TrainingParams {
  num_epochs: number;
  train_batch_size: number;
  optim: Picked;
}

/**
 * Trains `variables` on all samples of `stream` in every epoch; `loss` returns the mean loss of a small batch.
 * @throws CupbearerError `bad-data` without samples, `non-finite` naming epoch and step, `cancelled`.
 */
export async function trainOn(
  stream: FeatureStream,
  variables: Variables,
  params: TrainingParams,
  { stream: random, signal }: DetectorContext,
  loss: (batch: ActivationBatch) => tf.Scalar,
): Promise<void> {
  const optimizer = createOptimizer(params.optim);
  try {
    let step = 0;
    for (let epoch = 1; epoch <= params.num_epochs; epoch++) {
      for await (const batch of shuffledBatches(stream, params.train_batch_size, random.derive('order', epoch))) {
        checkNotCancelled(signal, 'The training');
        await gradientStep(variables, optimizer, { epoch, step: ++step }, () => loss(batch));
        if (step % 16 === 0) await otherWork();
      }
      if (step === 0) throw new CupbearerError('bad-data', 'Expected trusted samples to train on, found none.');
    }
  } finally {
    optimizer.dispose();
  }
}
