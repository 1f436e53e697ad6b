import { describe, expect, it } from 'vitest';
import { countCells, cellWords } from '../../renderer/screens/experiment/plan-words.ts';
import { plannedTime } from '../../renderer/screens/experiment/planned-time.ts';
import type { Estimate } from '../../shared/domain/draft.ts';

const times = {
  classifier: { runs: 4, lowMs: 1000, middleMs: 1500, highMs: 2000 },
  knn: { runs: 10, lowMs: 300, middleMs: 400, highMs: 500 },
};
const estimate: Estimate = {
  totalMs: 5000,
  mostMs: 10_000,
  parts: [
    { phase: 'Train', ms: 1000 },
    { phase: 'Fit', ms: 4000 },
  ],
  engine: 'wasm',
};
const planned = (toCompute: Record<string, number>, more: object = {}) =>
  plannedTime({ toCompute }, { times, estimate: null, detectors: 2, jobs: 1, ...more });

describe('the time that is planned', () => {
  it('adds up what runs of each method took, as a range, and says from how many', () => {
    expect(planned({ classifier: 2, knn: 4 })).toEqual({
      lowMs: 2 * 1000 + 4 * 300,
      highMs: 2 * 2000 + 4 * 500,
      runs: 14,
      measured: 0,
      parts: [
        { method: 'classifier', lowMs: 2000, highMs: 4000 },
        { method: 'knn', lowMs: 1200, highMs: 2000 },
      ],
    });
  });

  it('is shared by runs side by side, of which the longest cannot be shared out', () => {
    expect(planned({ knn: 4 }, { jobs: 2 })).toMatchObject({ lowMs: 600, highMs: 1000 });
    expect(planned({ classifier: 1, knn: 1 }, { jobs: 4 })).toMatchObject({ lowMs: 1000, highMs: 1000 });
  });

  it('takes the measured estimate for methods that never ran here, and is not known without', () => {
    expect(planned({ lof: 1 })).toBeNull();
    expect(planned({ lof: 3, knn: 1 }, { estimate })).toMatchObject({ lowMs: 3 * 2000 + 300, highMs: 3 * 4000 + 500, runs: 10, measured: 1 }); // prettier-ignore
    expect(planned({})).toMatchObject({ lowMs: 0, highMs: 0, parts: [] });
  });
});

it('counts cells by what becomes of them', () => {
  const cell = (impossible: string | null, ...reused: boolean[]) => ({ reused, impossible });
  const counts = countCells({
    cells: [[cell(null, true, false), cell('Why.', false, false)], [cell(null, true, true)]],
  });
  expect(counts).toEqual({ cells: 6, reused: 3, toCompute: 1, impossible: 2 });
  expect([cellWords(counts), cellWords({ ...counts, reused: 0, cells: 1 })]).toEqual(['6 cells, 3 reused', '1 cell']);
});
