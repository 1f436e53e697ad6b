import { describe, expect, it } from 'vitest';
import { augmented, naturalImageAugmentation } from '../../main/data/transforms/augmentation.ts';
import { BatchReader } from '../../main/data/threads/batch-reader.ts';
import { changed } from '../../main/data/transforms/changed.ts';
import { concatenated } from '../../main/data/transforms/concatenated.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { poisoned } from '../../main/data/transforms/poisoning.ts';
import { fromRecipe } from '../../main/data/recipes.ts';
import { replaced } from '../../main/data/transforms/replaced.ts';
import { subset } from '../../main/data/transforms/subset.ts';
import { createTrigger, poisonOptions, triggerRegistry } from '../../main/data/triggers/index.ts';
import { ByteFile } from '../../main/storage/byte-file.ts';
import { bytesOf } from '../../main/storage/element-type.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

function images(count = 90): Dataset {
  const shape = [12, 11, 3] as const;
  const stream = RandomStream.from(0, 'test images');
  const pixels = Uint8Array.from({ length: count * 12 * 11 * 3 }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  return imageDataset({ shape, classes: ['a', 'b', 'c'], pixels, labels }, 'test images');
}

function poisonedBy(name: string): Dataset {
  const data = augmented(subset(images(), [...Array(80).keys()]), naturalImageAugmentation, 5);
  const picked = name === 'label-consistent' ? { name, run_path: 'no model is asked here' } : { name };
  const trigger = createTrigger(picked, { shape: data.shape, seed: 7 });
  return poisoned(data, trigger, { ...poisonOptions({ name }, 7), p_backdoor: 0.3 });
}

/** The batches of two epochs in an order of their own, as numbers and labels. */
async function readAll(dataset: Dataset, workers: number) {
  const reader = new BatchReader(dataset, { workers, expected: 20 });
  const seen: { inputs: Float32Array; labels: Int32Array }[] = [];
  try {
    for (const epoch of [1, 2]) {
      const order = RandomStream.from(epoch, 'order').permutation(dataset.length);
      const batches = Array.from({ length: Math.ceil(dataset.length / 9) }, (_, i) => order.subarray(i * 9, i * 9 + 9));
      for await (const { batch } of reader.batches(batches, epoch)) {
        seen.push({ inputs: batch.inputs, labels: batch.labels });
      }
    }
    return { seen, workers: reader.workers };
  } finally {
    await reader.close();
  }
}

describe('batches read ahead', () => {
  it.each([1, 3])('are the same bits in the same order from %i threads as from none', async (count) => {
    const dataset = poisonedBy('noise');
    const here = await readAll(dataset, 0);
    const there = await readAll(dataset, count);
    expect([here.workers, there.workers]).toEqual([0, count]);
    expect(there.seen).toEqual(here.seen);
  });

  it('are read without threads where a dataset cannot be sent to one', async () => {
    const { recipe: _, ...own } = images();
    const { seen, workers } = await readAll(own, 2);
    expect(workers).toBe(0);
    expect(seen).toHaveLength(20);
  });

  it('fail with what reading them fails with', async () => {
    const reader = new BatchReader(images(), { workers: 1, expected: 1 });
    const reading = reader.batches([Int32Array.of(90)], 1).next();
    await expect(reading).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('0 to 89') as string,
    });
    await reader.close();
  });

  it('can be left in the middle', async () => {
    const reader = new BatchReader(poisonedBy('corner'), { workers: 2, expected: 4 });
    const order = [0, 1, 2, 3, 4, 5].map((i) => Int32Array.of(i));
    for await (const { indices } of reader.batches(order, 1)) if (indices[0] === 1) break;
    await reader.close();
    expect(reader.workers).toBe(0);
  });

  it('leave no thread behind that was just starting', async () => {
    const reader = new BatchReader(poisonedBy('corner'), { workers: 2, expected: 4 });
    const first = reader.batches([Int32Array.of(0)], 1).next();
    // What was asked may be answered before the threads end, or not.
    await Promise.allSettled([first, reader.close()]);
    expect(reader.workers).toBe(0);
  });

  it('take no thread for a short work', async () => {
    const reader = new BatchReader(images(), { expected: 40 });
    const order = Array.from({ length: 40 }, (_, i) => Int32Array.of(i));
    let count = 0;
    for await (const _ of reader.batches(order, 1)) {
      await new Promise((resolve) => setImmediate(resolve));
      count++;
    }
    expect([count, reader.workers]).toEqual([40, 0]);
  });
});

describe('a recipe', () => {
  // The trigger "sentence" is for texts, which have no recipe.
  it.each(triggerRegistry.ids.filter((id) => id !== 'sentence'))(
    'makes the same dataset again with the trigger %s',
    (name) => {
      const dataset = poisonedBy(name);
      const again = fromRecipe(structuredClone(dataset.recipe!()));
      const indices = [...Array(dataset.length).keys()];
      expect(again.read(indices, 3)).toEqual(dataset.read(indices, 3));
      expect([again.shape, again.classes, again.length]).toEqual([dataset.shape, dataset.classes, dataset.length]);
    },
  );

  it.each(['kept', 'refused'] as const)('makes a dataset of which some are attacked and the others %s', (others) => {
    const indices = Int32Array.of(3, 70, 8);
    const values = Float32Array.from({ length: 3 * 12 * 11 * 3 }, (_, i) => 2 + i);
    const inputs = ByteFile.create(temporaryFolder());
    inputs.append(bytesOf(values));
    const attacked = replaced(images(), { indices, inputs, others }, 'attacked');
    const again = fromRecipe(structuredClone(attacked.recipe!()));
    const wanted = others === 'kept' ? [2, 70, 3] : [70, 3];
    expect(again.read(wanted, 0)).toEqual(attacked.read(wanted, 0));
    expect(again.read([8, 70, 3], 0).inputs).toEqual(
      Float32Array.of(...values.subarray(792), ...values.subarray(396, 792), ...values.subarray(0, 396)),
    );
    if (others === 'refused') expect(() => again.read([2], 0)).toThrow('Sample 2 was not attacked');
  });

  it('makes two datasets one behind the other, and one whose samples are all changed', () => {
    const warp = createTrigger({ name: 'wanet' }, { shape: [12, 11, 3], seed: 4 });
    const dataset = concatenated(images(), changed(images(20), warp, 6));
    const again = fromRecipe(structuredClone(dataset.recipe!()));
    const indices = [...Array(110).keys()];
    expect(again.read(indices, 1)).toEqual(dataset.read(indices, 1));
    expect(again.fingerprint).toBe(dataset.fingerprint);
  });

  it('is missing where it is missing of a part', () => {
    const { recipe: _, ...own } = images();
    const replacement = {
      indices: Int32Array.of(0),
      inputs: ByteFile.create(temporaryFolder()),
      others: 'kept',
    } as const;
    for (const dataset of [concatenated(images(), own), subset(own, [1]), replaced(own, replacement, 'x')])
      expect(dataset.recipe).toBeUndefined();
  });

  it('of a kind that is not known is refused', () => {
    expect(() => fromRecipe({ kind: 'cake', args: [] })).toThrow(/cake/);
  });
});
