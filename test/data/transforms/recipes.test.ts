import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmented, naturalImageAugmentation } from '../../../main/data/transforms/augmentation.ts';
import { changed } from '../../../main/data/transforms/changed.ts';
import { concatenated } from '../../../main/data/transforms/concatenated.ts';
import type { Dataset } from '../../../main/data/dataset.ts';
import { poisoned } from '../../../main/data/transforms/poisoning.ts';
import { fromRecipe } from '../../../main/data/recipes.ts';
import { relabelled } from '../../../main/data/transforms/relabelled.ts';
import { replaced } from '../../../main/data/transforms/replaced.ts';
import { transforms } from '../../../main/data/transforms/index.ts';
import { subset } from '../../../main/data/transforms/subset.ts';
import { createTrigger } from '../../../main/data/triggers/index.ts';
import { WorkerReader } from '../../../main/data/threads/worker-reader.ts';
import { ByteFile } from '../../../main/storage/byte-file.ts';
import { bytesOf } from '../../../main/storage/element-type.ts';
import { temporaryFolder } from '../../storage/fixtures.ts';
import { toyDataset, upTo } from '../toy-dataset.ts';

const shape = [12, 11, 3] as const;
const images = (count = 20) => toyDataset(count, shape);
const trigger = (name: string, seed = 4) => createTrigger({ name }, { shape, seed });

/** `dataset` with its first and last sample attacked. */
function attacked(dataset: Dataset): Dataset {
  const indices = Int32Array.of(0, dataset.length - 1);
  const inputs = ByteFile.create(temporaryFolder());
  inputs.append(bytesOf(Float32Array.from({ length: 2 * 12 * 11 * 3 }, (_, i) => i / 800)));
  return replaced(dataset, { indices, inputs, others: 'kept' }, `attacked ${dataset.fingerprint}`);
}

const poison = { p_backdoor: 0.4, target_class: 1, cycle_class: false };

/** By kind, what each transform makes of a dataset; `seed` decides what is left open. */
const examples: Readonly<Record<string, (dataset: Dataset, seed: number) => Dataset>> = {
  subset: (dataset, seed) => subset(dataset, [seed % dataset.length, 0, dataset.length - 1]),
  concatenated: (dataset, seed) => concatenated(dataset, images(1 + (seed % 3))),
  changed: (dataset, seed) => changed(dataset, trigger('wanet', seed), seed),
  poisoned: (dataset, seed) =>
    seed % 2 === 0
      ? poisoned(dataset, trigger('noise'), { ...poison, seed })
      : poisoned(dataset, trigger('wanet'), { ...poison, p_noise: 0.3, cycle_class: true, seed }),
  augmented: (dataset, seed) => augmented(dataset, naturalImageAugmentation, seed),
  relabelled: (dataset) => relabelled(dataset, ['c', 'a', 'b'], [1, 2, 0]),
  replaced: attacked,
};

/** Random compositions of at most five transforms. */
const compositions = fc.array(fc.tuple(fc.constantFrom(...Object.keys(examples)), fc.nat(99)), { maxLength: 5 });

function composed(steps: readonly (readonly [string, number])[]): Dataset {
  return steps.reduce((dataset, [id, seed]) => examples[id]!(dataset, seed), images());
}

function expectSame(again: Dataset, dataset: Dataset): void {
  const facts = ({ shape, classes, length, memory, fingerprint }: Dataset) => [
    shape,
    classes,
    length,
    memory,
    fingerprint,
  ];
  expect(facts(again)).toEqual(facts(dataset));
  for (const epoch of [0, 3])
    expect(again.read(upTo(dataset.length), epoch)).toEqual(dataset.read(upTo(dataset.length), epoch));
}

describe('a recipe', () => {
  it('is tried of every transform', () => {
    expect(Object.keys(examples).sort()).toEqual(transforms.map(({ kind }) => kind).sort());
  });

  it.each(Object.keys(examples))('makes what %s makes', (id) => {
    for (const seed of [0, 1, 2]) {
      const dataset = composed([[id, seed]]);
      expectSame(fromRecipe(structuredClone(dataset.recipe!())), dataset);
    }
  });

  it('makes any composition of transforms again, to the bit and with the same fingerprint', () => {
    fc.assert(
      fc.property(compositions, (steps) => {
        const dataset = composed(steps);
        expectSame(fromRecipe(structuredClone(dataset.recipe!())), dataset);
      }),
      { numRuns: 60 },
    );
  });

  it('makes them in a thread, too', async () => {
    await fc.assert(
      fc.asyncProperty(compositions, async (steps) => {
        const dataset = composed(steps);
        const reader = new WorkerReader(dataset.recipe!());
        try {
          await reader.ready;
          const indices = Int32Array.from(upTo(dataset.length));
          expect(await reader.ask({ indices, epoch: 2 })).toEqual(dataset.read(indices, 2));
        } finally {
          await reader.close();
        }
      }),
      { numRuns: 4 },
    );
  });
});

describe('a fingerprint', () => {
  // Runs store them: one that moves makes earlier results look as if they were of other data.
  it.each([
    [[['subset', 7]], '75c92c350de0e9579dd97ceedef817512cd34ddaedcbbe2671272e76043a3509'],
    [[['concatenated', 1]], '40795044a2a82affffb2130a0a7ff8c283b1de5f9643b87be33346dcc01a6a26'],
    [[['changed', 3]], 'c0bc1d0704992a7614e9f9dd17ee0a5c5cc48240cfdae574885231cbad6f6da0'],
    [[['poisoned', 2]], '16644d00ddfacbd3603fe25b6a2fc9cd2eb09691cbf90093ffb4eb0a5598deac'],
    [[['poisoned', 5]], 'f9198809ced68a3fb0bb63fa4b7ecc90bddd74d8c203ea165184874d9022e8ee'],
    [[['augmented', 9]], 'e4ed145f6676d34a653e51a90a1b4b26ab9687d78f7058f64d9e5fef5c149111'],
    [
      [
        ['subset', 2],
        ['augmented', 1],
        ['poisoned', 1],
        ['concatenated', 2],
        ['changed', 6],
      ],
      'b0d4a8f7b55f93cb1ca90270ec2f450f7c88608001526bac857bcd79a51e158e',
    ],
  ] as const)('of %j stays what it was', (steps, expected) => {
    expect(composed(steps).fingerprint).toBe(expected);
  });

  it('of clean-label poisoning and of an attack stays what it was', () => {
    const options = { ...poison, p_backdoor: 0.2, clean_label: true, seed: 3 };
    expect(poisoned(images(), trigger('corner'), options).fingerprint).toBe(
      '4469fbe47696db9f074203ba87b76ec42b602e63b2f35566c0c5a2babe0a8e17',
    );
    expect(poisoned(attacked(images()), trigger('sig'), { ...poison, seed: 3 }).fingerprint).toBe(
      'dba1c252b3e3b78800d393b34a6d42289067b5be0fd314b3d88d364a1875a540',
    );
  });
});
