import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullyPoisoned, poisoned } from '../../main/data/transforms/poisoning.ts';
import { limited, subset } from '../../main/data/transforms/subset.ts';
import { triggerFingerprint } from '../../main/data/triggers/trigger-fingerprint.ts';
import { createTrigger } from '../../main/data/triggers/index.ts';
import type { Trigger } from '../../main/data/triggers/trigger.ts';
import { toyDataset, upTo } from './toy-dataset.ts';

const corner = createTrigger({ name: 'corner' }, { shape: [4, 4, 1], seed: 0 });
const noise = createTrigger({ name: 'noise' }, { shape: [4, 4, 1], seed: 0 });
const options = { p_backdoor: 0.25, target_class: 2, cycle_class: false, seed: 5 };

describe('clean-label poisoning', () => {
  const cleanLabel = { ...options, p_backdoor: 0.2, clean_label: true };

  it('takes samples of the target class alone and leaves all labels as they are', () => {
    const data = poisoned(toyDataset(60), corner, cleanLabel);
    const flagged = upTo(60).filter((i) => data.isPoisoned(i));
    expect(flagged.length).toBe(12);
    expect(flagged.every((i) => i % 3 === 2)).toBe(true);
    const { inputs, labels } = data.read(upTo(60), 0);
    expect([...labels]).toEqual(upTo(60).map((i) => i % 3));
    for (const i of flagged) expect(inputs[16 * i]).toBe(1);
    // At test time every sample gets the trigger and the target label.
    const tested = fullyPoisoned(toyDataset(6), corner, cleanLabel);
    expect([...tested.read(upTo(6), 0).labels]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('says how many samples there are', () => {
    expect(() => poisoned(toyDataset(60), corner, { ...cleanLabel, p_backdoor: 0.5 })).toThrow(
      'at most 0.3333, the share of class 2, found 0.5',
    );
    expect(() => poisoned(toyDataset(60), corner, { ...cleanLabel, cycle_class: true })).toThrow(
      'cannot be all-to-all',
    );
  });
});

describe('poisoned', () => {
  it('poisons exactly the rounded share, the same samples in every epoch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (n, p, seed) => {
          const clean = toyDataset(n);
          const data = poisoned(clean, corner, { ...options, p_backdoor: p, seed });
          const flagged = upTo(n).filter((i) => data.isPoisoned(i));
          expect(flagged.length).toBe(Math.round(p * n));
          for (const epoch of [0, 3]) {
            const { inputs, labels } = data.read(upTo(n), epoch);
            const original = clean.read(upTo(n), epoch);
            for (let i = 0; i < n; i++) {
              expect(labels[i]).toBe(data.isPoisoned(i) ? 2 : i % 3);
              if (data.isPoisoned(i)) expect(inputs[i * 16]).toBe(1);
              expect(inputs.slice(i * 16 + 1, i * 16 + 16)).toEqual(original.inputs.slice(i * 16 + 1, i * 16 + 16));
              if (!data.isPoisoned(i)) expect(inputs[i * 16]).toBe(original.inputs[i * 16]);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives a sample the same image and label in any batch and order', () => {
    const data = fullyPoisoned(toyDataset(40), noise, options);
    const all = data.read(upTo(40), 1);
    const some = data.read([31, 4, 17], 1);
    [31, 4, 17].forEach((index, i) => {
      expect(some.labels[i]).toBe(all.labels[index]);
      expect(some.inputs.slice(i * 16, i * 16 + 16)).toEqual(all.inputs.slice(index * 16, index * 16 + 16));
    });
  });

  it('draws the noise of a sample again in each epoch', () => {
    const data = fullyPoisoned(toyDataset(1), noise, options);
    expect(data.read([0], 0).inputs).not.toEqual(data.read([0], 1).inputs);
  });

  it('takes other samples for another seed', () => {
    const flags = (seed: number) => {
      const data = poisoned(toyDataset(200), corner, { ...options, seed });
      return upTo(200).map((i) => data.isPoisoned(i));
    };
    expect(flags(1)).toEqual(flags(1));
    expect(flags(1)).not.toEqual(flags(2));
  });

  it('moves every class on by one with cycle_class', () => {
    const data = fullyPoisoned(toyDataset(6), corner, { ...options, cycle_class: true });
    expect([...data.read(upTo(6), 0).labels]).toEqual([1, 2, 0, 1, 2, 0]);
    expect(upTo(6).map((i) => data.cleanLabel(i))).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('makes decoys of other samples, which keep their label', () => {
    const halving: Trigger = {
      spec: { id: 'halving' },
      apply: (image) => image.fill(1),
      decoy: (image) => image.fill(0.5),
      state: () => ({}),
    };
    const data = poisoned(toyDataset(20), halving, { ...options, p_backdoor: 0.25, p_noise: 0.5 });
    const { inputs, labels } = data.read(upTo(20), 0);
    const firsts = upTo(20).map((i) => inputs.subarray(i * 16, i * 16 + 16));
    const decoys = upTo(20).filter((i) => firsts[i]!.every((value) => value === 0.5));
    expect(decoys.length).toBe(10);
    for (const i of decoys) expect([labels[i], data.isPoisoned(i)]).toEqual([i % 3, false]);
    expect(firsts.filter((image) => image.every((value) => value === 1)).length).toBe(5);
  });

  it('refuses shares above 1 in sum, a decoy that the trigger lacks, and a class that the data lacks', () => {
    const data = toyDataset(4);
    const make = (changed: object) => () => poisoned(data, corner, { ...options, ...changed });
    expect(make({ p_backdoor: 0.7, p_noise: 0.4 })).toThrow('together at most 1, found 0.7 and 0.4');
    expect(make({ p_noise: 0.4 })).toThrow('"corner" has no decoys');
    expect(make({ target_class: 3 })).toThrow('Expected a target class of 0 to 2, found 3.');
  });

  it('has a fingerprint that tells data, trigger and options apart', () => {
    const bottom = createTrigger({ name: 'corner', corner: 'bottom-right' }, { shape: [4, 4, 1], seed: 0 });
    const prints = [
      poisoned(toyDataset(9), corner, options),
      poisoned(toyDataset(9), bottom, options),
      poisoned(toyDataset(8), corner, options),
      poisoned(toyDataset(9), corner, { ...options, seed: 6 }),
      poisoned(toyDataset(9), corner, { ...options, cycle_class: true }),
    ].map((data) => data.fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
    expect(poisoned(toyDataset(9), corner, options).fingerprint).toBe(prints[0]);
  });

  it('counts the state of a trigger in its fingerprint', () => {
    const withState = (value: number): Trigger => ({
      ...corner,
      state: () => ({ field: { shape: [1], data: Float32Array.of(value) } }),
    });
    expect(triggerFingerprint(withState(1))).not.toBe(triggerFingerprint(withState(2)));
  });
});

describe('subset', () => {
  it('reads the chosen samples in their order', () => {
    const data = subset(toyDataset(5), [4, 0, 2]);
    expect(data.length).toBe(3);
    expect([...data.read([0, 1, 2], 0).labels]).toEqual([1, 0, 2]);
    expect(data.read([1], 0).inputs).toEqual(toyDataset(5).read([0], 0).inputs);
  });

  it('refuses indices outside the data', () => {
    expect(() => subset(toyDataset(5), [5])).toThrow('Expected a sample index of 0 to 4, found 5.');
    expect(() => subset(toyDataset(5), [1]).read([1], 0)).toThrow('found 1');
    expect(() => toyDataset(5).read([-1], 0)).toThrow('found -1');
  });

  it('limits to different samples drawn by the seed', () => {
    const labels = (seed: number) => [...limited(toyDataset(300), 100, seed).read(upTo(100), 0).inputs];
    expect(labels(1)).toEqual(labels(1));
    expect(labels(1)).not.toEqual(labels(2));
    const small = toyDataset(3);
    expect(limited(small, 3, 0)).toBe(small);
    expect(limited(small, undefined, 0)).toBe(small);
  });
});
