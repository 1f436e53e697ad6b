import * as tf from '@tensorflow/tfjs-core';
import { integer, number, type Picked } from '../../../shared/schema/fields.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import { gradientsOf, type Variables } from '../../models/gradient-step.ts';
import type { Optimizer } from '../../models/optimizer.ts';
import { createOptimizer } from '../../models/optimizers/index.ts';
import { read } from '../../tensor/read.ts';
import {
  abstractionLosses,
  abstractionParams,
  abstractionScores,
  isTau,
  meanLoss,
} from '../parts/consistent-abstraction.ts';
import { defineDetector, type DetectorState } from '../detector.ts';
import { abstractionMisfits, fitAbstraction } from '../parts/fit-abstraction.ts';
import { toVariables } from '../parts/linear-maps.ts';
import { batchFromTensors, batchToTensors, sampledBatch } from '../parts/sample-batches.ts';

/** The name in the state of the trusted samples that fine-tuning needs. */
const keptPrefix = 'trusted/';

/**
 * An abstraction that is fine-tuned on every batch before it scores it. The abstract model's steps lower the loss on
 * trusted samples and on the new batch; the tau maps lower the first and *raise* the second: a new sample is suspicious
 * if tau maps can be found that serve trusted data as well as before and yet tell that it is computed differently.
 *
 * With weight w and trusted loss L_t (no lower than before fine-tuning: going below gains nothing) and new loss L_n,
 * the steps follow `w L_t + (1 - w) L_n`, the tau maps `w L_t - (1 - w) L_n`. The score is the new batch's loss
 * afterwards. Every batch starts from the fitted abstraction and a fresh optimizer.
 *
 * A sample's score depends on the batch it comes in, hence on the batch size and the order of the samples.
 */
export const adversarialAbstraction = defineDetector({
  id: 'adversarial-abstraction',
  title: 'Adversarial abstraction',
  summary: 'An abstraction whose tau maps are turned against each batch before it is scored',
  dependsOnBatch: true,
  dependsOnScale: 'Its abstract model is trained on activations as they are, by steps of a fixed size.',
  source: 'ejnnr/cupbearer, detectors.abstraction.AdversarialAbstractionDetector (2023)',
  needs: { trusted: true, inputs: true },
  params: {
    ...abstractionParams,
    num_steps: integer({
      label: 'Fine-tuning steps',
      help: 'Steps of fine-tuning before a batch is scored',
      unit: 'steps',
      default: 1,
      min: 0,
      max: 10_000,
    }),
    num_train_samples: integer({
      label: 'Trusted samples',
      help: 'Trusted samples that take part in every step of fine-tuning; they are kept with the detector',
      unit: 'samples',
      default: 128,
      min: 1,
      max: 100_000,
    }),
    normal_weight: number({
      label: 'Weight of trusted data',
      help: "Weight of the trusted samples' loss in fine-tuning; the new batch has the rest",
      default: 0.5,
      min: 0,
      max: 1,
    }),
  },

  misfits: (params, layers, { network }) => (network ? abstractionMisfits(params, layers, network) : []),

  async fit(features, params, context) {
    const { tensors, values } = await fitAbstraction(features, params, context);
    const kept = await sampledBatch(features.trusted, params.num_train_samples, context.stream.derive('kept'));
    return {
      tensors: { ...tensors, ...batchToTensors(kept, keptPrefix) },
      values: {
        ...values,
        num_steps: params.num_steps,
        normal_weight: params.normal_weight,
        optim: JSON.stringify(params.optim),
      },
    };
  },

  async score(state, batch) {
    const { values } = state;
    const variables = toVariables(
      Object.fromEntries(Object.entries(state.tensors).filter(([name]) => !name.startsWith(keptPrefix))),
    );
    const optimizer = createOptimizer(JSON.parse(values['optim'] as string) as Picked);
    try {
      await finetune(variables, optimizer, state, batch);
      return await abstractionScores(variables, values, batch);
    } finally {
      optimizer.dispose();
      tf.dispose([...variables.values()]);
    }
  },
});

async function finetune(
  variables: Variables,
  optimizer: Optimizer,
  { tensors, values }: DetectorState,
  batch: ActivationBatch,
): Promise<void> {
  const trusted = batchFromTensors(tensors, keptPrefix);
  const lossOn = (samples: ActivationBatch) => meanLoss(abstractionLosses(variables, values, samples));
  const before = (await read(() => lossOn(trusted)))[0]!;
  const weight = values['normal_weight'] as number;
  for (let step = 0; step < (values['num_steps'] as number); step++) {
    tf.tidy(() => {
      const onTrusted = gradientsOf(variables, () => tf.maximum(lossOn(trusted), before)).gradients;
      const onNew = gradientsOf(variables, () => lossOn(batch)).gradients;
      const gradients = Object.fromEntries(
        [...variables.keys()].map((name) => {
          const share = isTau(name) ? weight - 1 : 1 - weight;
          return [name, tf.add(tf.mul(onTrusted[name]!, weight), tf.mul(onNew[name]!, share))];
        }),
      );
      optimizer.step(variables, gradients);
    });
  }
}
