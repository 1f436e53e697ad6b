import { beforeAll, describe, expect, it } from 'vitest';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { fullyPoisoned } from '../../main/data/transforms/poisoning.ts';
import { createTrigger, poisonOptions } from '../../main/data/triggers/index.ts';
import { Network } from '../../main/models/network.ts';
import { validate } from '../../main/runs/work/validation.ts';
import { epochSchema } from '../../shared/domain/live.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';

beforeAll(() => startEngine(engineUnderTest));

const shape = [4, 4, 1] as const;
const classes = ['cat', 'dog'];
const trigger = { name: 'corner', target_class: 1 };

/** What an untrained network reaches on triggered pictures of these classes. */
async function validated(labels: readonly number[]) {
  const pictures = imageDataset(
    {
      shape: [...shape],
      classes,
      pixels: new Uint8Array(16 * labels.length),
      labels: Uint8Array.from(labels),
      isOwn: true,
    },
    'pictures',
  );
  const poisoned = fullyPoisoned(
    pictures,
    createTrigger(trigger, { shape: [...shape], seed: 0 }),
    poisonOptions(trigger, 0),
  );
  const architecture = { name: 'mlp', hidden_dims: [4] };
  const network = new Network({ architecture, inputShape: [...shape], classes }, 0);
  const found = await validate(network, poisoned, new AbortController().signal);
  network.dispose();
  return found;
}

describe('the success of a backdoor', () => {
  it('is a share of the samples of other classes than the target', async () => {
    const { attack_success: success } = await validated([0, 1, 0, 1]);
    expect([0, 1]).toContain(success);
  });

  it('is not known where all samples are of the target class', async () => {
    const found = await validated([1, 1, 1]);
    expect(found.attack_success).toBeNull();
    const epoch = { epoch: 1, steps: 1, loss: 1, accuracy: 1, ms: 1, validation: { backdoor: found } };
    expect(epochSchema.parse(epoch).validation['backdoor']!.attack_success).toBeNull();
  });
});
