import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { augmented, defaultAugmentation } from '../../main/data/transforms/augmentation.ts';
import { concatenated } from '../../main/data/transforms/concatenated.ts';
import { relabelled } from '../../main/data/transforms/relabelled.ts';
import { subset } from '../../main/data/transforms/subset.ts';
import { distinctTest } from '../../main/tasks/distinct.ts';
import { splitParams, type SplitParams } from '../../main/tasks/split-params.ts';
import { assembleParts, split } from '../../main/tasks/splits.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { toyDataset, upTo } from '../data/toy-dataset.ts';

const params = (given: Partial<SplitParams> = {}): SplitParams => z.object(splitParams).parse(given);

describe('split', () => {
  it('trusts all training data and halves the test data unless told otherwise', () => {
    const { trusted, untrusted, test } = split({ clean: 10 }, { clean: 6 }, params());
    expect([...trusted]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(untrusted.clean.length + untrusted.anomalous.length).toBe(0);
    expect([test.clean.length, test.anomalous.length]).toEqual([3, 3]);
  });

  it('keeps all shares and uses no sample twice where anomalies are versions of clean samples', () => {
    const { trusted, untrusted, test } = split(
      { clean: 1000 },
      { clean: 500 },
      params({
        trusted_fraction: 0.4,
        clean_train_weight: 0.9,
        clean_test_weight: 0.25,
        max_train_size: 500,
        max_test_size: 100,
      }),
    );
    expect([trusted.length, untrusted.clean.length, untrusted.anomalous.length]).toEqual([200, 270, 30]);
    expect([test.clean.length, test.anomalous.length]).toEqual([25, 75]);
    expect(new Set([...trusted, ...untrusted.clean, ...untrusted.anomalous]).size).toBe(500);
    expect(new Set([...test.clean, ...test.anomalous]).size).toBe(100);
  });

  it('leaves clean samples out where a separate pool of anomalies is too small', () => {
    const { untrusted, test } = split(
      { clean: 100, anomalous: 5 },
      { clean: 100, anomalous: 30 },
      params({ trusted_fraction: 0.5, clean_train_weight: 0.75, clean_test_weight: 0.4 }),
    );
    expect([untrusted.clean.length, untrusted.anomalous.length]).toEqual([15, 5]);
    expect([test.clean.length, test.anomalous.length]).toEqual([20, 30]);
  });

  it('has no clean or no anomalous samples at the ends of the range', () => {
    const sizes = (weight: number) => {
      const { untrusted, test } = split(
        { clean: 20, anomalous: 7 },
        { clean: 9, anomalous: 4 },
        params({ trusted_fraction: 0, clean_train_weight: weight, clean_test_weight: weight }),
      );
      return [untrusted.clean, untrusted.anomalous, test.clean, test.anomalous].map(({ length }) => length);
    };
    expect(sizes(1)).toEqual([20, 0, 9, 0]);
    expect(sizes(0)).toEqual([0, 7, 0, 4]);
  });

  it('keeps indices in range, distinct and the shares within one sample', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 60 }),
        share,
        share,
        (clean, anomalous, trusted_fraction, weight) => {
          const drawn = split(
            { clean, anomalous },
            { clean, anomalous },
            params({ trusted_fraction, clean_train_weight: weight, clean_test_weight: weight }),
          );
          for (const mix of [drawn.untrusted, drawn.test]) {
            const total = mix.clean.length + mix.anomalous.length;
            expect(Math.abs(mix.clean.length - weight * total)).toBeLessThanOrEqual(1);
            expect(mix.clean.every((i) => i < clean) && mix.anomalous.every((i) => i < anomalous)).toBe(true);
            expect(new Set(mix.clean).size + new Set(mix.anomalous).size).toBe(total);
          }
        },
      ),
    );
  });

  it('draws the same samples for one seed and others for another', () => {
    const draw = (seed: number) => split({ clean: 100 }, { clean: 100 }, params({ trusted_fraction: 0.5, seed }));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).trusted).not.toEqual(draw(2).trusted);
  });
});

describe('untrusted data', () => {
  const all = toyDataset(80, [2, 2, 1], 'clean');
  const [clean, testClean] = [
    subset(all, upTo(40)),
    subset(
      all,
      Int32Array.from(upTo(40), (i) => 40 + i),
    ),
  ];
  /** Sample i is `value` and something of its own. */
  const constant = (value: number) => ({
    ...clean,
    read: (indices: ArrayLike<number>) => ({
      inputs: Float32Array.from(
        Array.from(indices).flatMap((index) => Array.from({ length: 4 }, () => value + index / 1000)),
      ),
      labels: new Int32Array(indices.length).fill(2),
      size: indices.length,
    }),
  });
  const [anomalous, testAnomalous] = [constant(1), constant(2)];
  const assemble = (given: Partial<SplitParams>) => {
    const chosen = params({ trusted_fraction: 0.5, clean_train_weight: 0.5, ...given });
    return assembleParts(
      { clean, anomalous },
      { clean: testClean, anomalous: testAnomalous },
      split({ clean: 40 }, { clean: 40 }, chosen),
      chosen,
    );
  };

  it('serves anomalous samples where its labels say so', () => {
    const { untrusted, trusted } = assemble({ untrusted_labels: true });
    expect(untrusted!.indices.length).toBe(20);
    expect([...untrusted!.anomalous!].filter(Boolean).length).toBe(10);
    const { inputs, labels } = untrusted!.dataset.read(untrusted!.indices, 0);
    untrusted!.indices.forEach((index, i) => {
      const isAnomalous = untrusted!.anomalous![i] === 1;
      expect(index >= 40).toBe(isAnomalous);
      const expected = isAnomalous ? anomalous.read([index - 40]) : clean.read([index], 0);
      expect([...inputs.subarray(4 * i, 4 * i + 4)]).toEqual([...expected.inputs]);
      expect(labels[i]).toBe(expected.labels[0]);
      expect(trusted.indices.includes(index % 40)).toBe(false);
    });
    // Neither clean first nor anomalous first.
    const first = untrusted!.anomalous!.subarray(0, 10).reduce((sum, value) => sum + value, 0);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(10);
  });

  it('tells nobody unless asked to', () => {
    expect(assemble({}).untrusted!.anomalous).toBeUndefined();
    expect(assemble({ trusted_fraction: 1 }).untrusted).toBeUndefined();
  });

  it.each([
    [0.01, 'trusted'],
    [0.99, 'untrusted'],
  ])('refuses a trusted fraction of %f of 40 samples, by which none is %s', (trusted_fraction, kind) => {
    expect(() => assemble({ trusted_fraction })).toThrow(
      `The ${kind} data has no sample: a trusted fraction of ${trusted_fraction} of 40 samples leaves none.`,
    );
  });

  it('refuses a test of which nothing is left once samples that were used are removed', () => {
    const chosen = params({ overlap: 'remove' });
    const again = { clean, anomalous: testAnomalous };
    const task = assembleParts({ clean }, again, split({ clean: 40 }, { clean: 40 }, chosen), chosen);
    expect(() => distinctTest(task, 'remove')).toThrow(
      'none is left that is clean: 20 are also trusted or untrusted data or of the other kind, 0 repeat another',
    );
  });
});

describe('a fair test', () => {
  const data = toyDataset(41, [2, 2, 1], 'fair');
  const part = (indices: number[], anomalous: boolean) => ({
    dataset: data,
    indices: Int32Array.from(indices),
    anomalous,
  });
  const learnt = { trusted: { dataset: data, indices: Int32Array.of(0, 1, 2, 2) } };

  it('has every content once, whatever its index', () => {
    const again = subset(data, [10, 11, 10, 12, 11, 10]);
    const { test, leftOut } = distinctTest(
      {
        ...learnt,
        test: [
          { dataset: again, indices: Int32Array.of(0, 1, 2, 3, 4, 5), anomalous: false },
          part([20, 21, 20], true),
        ],
      },
      'refuse',
    );
    expect(test.map(({ indices }) => [...indices])).toEqual([
      [0, 1, 3],
      [20, 21],
    ]);
    expect(leftOut).toEqual({ repeated: 4, overlapping: 0 });
  });

  it('shares no sample with what was learnt from, nor between clean and anomalous', () => {
    const untrusted = { dataset: data, indices: Int32Array.of(5, 6) };
    const task = { ...learnt, untrusted, test: [part([1, 5, 10, 11], false), part([11, 6, 20], true)] };
    expect(() => distinctTest(task, 'refuse')).toThrow(
      'The same samples are used twice: 1 clean test sample is also trusted data, 1 clean test sample is also untrusted data, 1 anomalous test sample is also clean test data, 1 anomalous test sample is also untrusted data.',
    );
    const { test, leftOut } = distinctTest(task, 'remove');
    expect(test.map(({ indices }) => [...indices])).toEqual([[10, 11], [20]]);
    expect(leftOut).toEqual({ repeated: 0, overlapping: 4 });
    const seen = { ...learnt, test: [part([1, 2], false), part([20], true)] };
    expect(() => distinctTest(seen, 'remove')).toThrow('none is left that is clean: 2 are also trusted');
  });

  it('knows samples again that were changed at random, whatever was made of the data since', () => {
    const larger = toyDataset(20, [8, 8, 1], 'augmented');
    const changed = augmented(larger, { ...defaultAugmentation, cropProbability: 1, rotationProbability: 1 }, 3);
    const learned = concatenated(subset(changed, [0, 1, 2, 3]), relabelled(changed, ['a', 'b', 'c'], [2, 1, 0]));
    // Places 4 to 23 are samples 0 to 19.
    const trusted = { dataset: learned, indices: Int32Array.of(1, 4 + 7) };
    const clean = { dataset: larger, indices: Int32Array.of(0, 1, 7, 8), anomalous: false };
    const anomalous = { dataset: larger, indices: Int32Array.of(15), anomalous: true };
    const { test, leftOut } = distinctTest({ trusted, test: [clean, anomalous] }, 'remove');
    expect([...test[0]!.indices]).toEqual([0, 8]);
    expect(leftOut).toEqual({ repeated: 0, overlapping: 2 });
  });

  it('finds every repetition among random samples, and no other', () => {
    const stream = RandomStream.from(9);
    for (let round = 0; round < 50; round++) {
      const chosen = Array.from({ length: 60 }, () => stream.integer(40));
      const { test, leftOut } = distinctTest(
        { trusted: part([], false), test: [part(chosen, false), part([40], true)] },
        'refuse',
      );
      expect([...test[0]!.indices]).toEqual([...new Set(chosen)]);
      expect(leftOut.repeated).toBe(60 - new Set(chosen).size);
    }
  });
});
