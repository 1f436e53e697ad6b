import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axesOf, pointCount, sweepPoints, withValueAt } from '../../main/experiments/sweep.ts';

const labels = { tasks: ['Corner', 'Corner.small', 'Noise'], detectors: ['knn', 'lof'] };

describe('axesOf', () => {
  it('tells the part of each path', () => {
    const { tasks, detectors } = axesOf(
      {
        'task.classifier.num_epochs': [1, 2],
        'evaluation.batch_size': [10],
        'tasks.Corner.small.max_test_size': [3],
        'detector.k': [1],
        'detectors.lof.k': [2],
      },
      labels,
    );
    expect(tasks.map(({ keys, only }) => [keys.join('/'), only])).toEqual([
      ['classifier/num_epochs', undefined],
      ['evaluation/batch_size', undefined],
      // The longest label that fits.
      ['max_test_size', 'Corner.small'],
    ]);
    expect(detectors.map(({ keys, only }) => [keys.join('/'), only])).toEqual([
      ['k', undefined],
      ['k', 'lof'],
    ]);
  });

  it.each([
    ['classifier.num_epochs', 'begins with no part of an experiment'],
    ['task', 'names no parameter'],
    ['task..k', 'names no parameter'],
    ['task.__proto__.x y', 'names no parameter'],
    ['detectors.knnn.k', 'names none of the detectors: knn, lof'],
  ])('refuses the path %s', (path, message) => {
    expect(() => axesOf({ [path]: [1] }, labels)).toThrow(message);
  });
});

const axis = (path: string, values: Parameters<typeof axesOf>[0][string]) => axesOf({ [path]: values }, labels).tasks;

describe('sweepPoints', () => {
  it('makes the whole grid, the last axis changing first', () => {
    const axes = axesOf({ 'task.a': [1, 2], 'task.b': ['x', 'y'] }, labels).tasks;
    expect(sweepPoints(axes, undefined).map((point) => Object.values(point).join(''))).toEqual([
      '1x',
      '1y',
      '2x',
      '2y',
    ]);
    expect(pointCount(axes, undefined)).toBe(4);
  });

  it('steps over a range, with its ends as they were given', () => {
    const values = (range: { from: number; to: number; steps: number; scale: 'linear' | 'log'; whole: boolean }) =>
      sweepPoints(axis('task.a', range), undefined).map((point) => point['task.a']);
    expect(values({ from: 0.001, to: 1, steps: 4, scale: 'log', whole: false })).toEqual([0.001, 0.01, 0.1, 1]);
    expect(values({ from: 0, to: 1, steps: 5, scale: 'linear', whole: false })).toEqual([0, 0.25, 0.5, 0.75, 1]);
    // Rounded values that are equal are one.
    expect(values({ from: 1, to: 3, steps: 5, scale: 'linear', whole: true })).toEqual([1, 2, 3]);
  });

  it('needs steps for the grid of a range', () => {
    const range = { from: 0, to: 1, scale: 'linear' as const, whole: false };
    expect(() => sweepPoints(axis('task.a', range), undefined)).toThrow('is a range without steps');
  });

  it('draws within the range, the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.constantFrom('linear' as const, 'log' as const),
        (seed, from, ratio, scale) => {
          const to = from * ratio;
          const axes = axesOf({ 'task.a': { from, to, scale, whole: false }, 'task.b': [1, 2, 3] }, labels).tasks;
          const points = sweepPoints(axes, { budget: 20, seed });
          expect(points).toHaveLength(20);
          expect(sweepPoints(axes, { budget: 20, seed })).toEqual(points);
          for (const { 'task.a': a, 'task.b': b } of points) {
            expect(a).toBeGreaterThanOrEqual(from * (1 - 1e-9));
            expect(a).toBeLessThanOrEqual(to * (1 + 1e-9));
            expect([1, 2, 3]).toContain(b);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('draws as often below the middle of a log scale as above', () => {
    const axes = axis('task.a', { from: 1e-4, to: 1, scale: 'log', whole: false });
    const low = sweepPoints(axes, { budget: 1000, seed: 1 }).filter((point) => Number(point['task.a']) < 1e-2);
    // Binomial with n = 1,000: four standard deviations are 63.
    expect(Math.abs(low.length - 500)).toBeLessThan(64);
  });
});

describe('withValueAt', () => {
  it('changes a copy, and gives parameters to what is named by its bare id', () => {
    const values = { model: 'mlp', other: { name: 'knn', k: 1 } };
    expect(withValueAt(values, ['model', 'hidden_dims'], [3])).toEqual({
      model: { name: 'mlp', hidden_dims: [3] },
      other: { name: 'knn', k: 1 },
    });
    expect(withValueAt(values, ['other', 'k'], 5)['other']).toEqual({ name: 'knn', k: 5 });
    expect(withValueAt(values, ['new', 'deep'], 1)['new']).toEqual({ deep: 1 });
    expect(values).toEqual({ model: 'mlp', other: { name: 'knn', k: 1 } });
  });

  it('reaches nobody but the object itself', () => {
    withValueAt({}, ['constructor', 'prototype', 'spoiled'], 1);
    withValueAt({}, ['__proto__', 'spoiled'], 1);
    expect(({} as Record<string, unknown>)['spoiled']).toBeUndefined();
  });
});
