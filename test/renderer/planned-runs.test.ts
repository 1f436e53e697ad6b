import { describe, expect, it } from 'vitest';
import { plannedRuns, runsWords } from '../../renderer/screens/experiment/planned-runs.ts';
import { tinyDraft } from '../e2e/drafts.ts';

const words = (detectors: readonly string[], seeds?: number, run?: string) =>
  runsWords(
    plannedRuns({
      ...tinyDraft({ detectors }),
      ...(seeds === undefined ? {} : { seeds }),
      ...(run === undefined ? {} : { classifier: { source: 'run', run } }),
    }),
  );

describe('runsWords', () => {
  it.each([
    [['knn', 'que', 'vae'], 2, undefined, '8 runs: 2 classifiers, and 3 detectors with 2 seeds each.'],
    [['knn', 'que'], undefined, undefined, '3 runs: 1 classifier, and 2 detectors.'],
    [['knn'], 3, undefined, '6 runs: 3 classifiers, and 1 detector with 3 seeds.'],
    [['knn', 'que'], 2, 'trained', '4 runs: 2 detectors with 2 seeds each.'],
  ])('of %j, %j seeds on %j', (detectors, seeds, run, expected) => {
    expect(words(detectors, seeds, run)).toBe(expected);
  });
});

describe('plannedRuns', () => {
  it('makes an experiment of more than one detector or seed', () => {
    const is = (detectors: readonly string[], seeds: number) =>
      plannedRuns({ ...tinyDraft({ detectors }), seeds }).isExperiment;
    expect([is(['knn'], 1), is(['knn', 'que'], 1), is(['knn'], 2), is([], 2)]).toEqual([false, true, true, false]);
  });
});
