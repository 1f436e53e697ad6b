import { describe, expect, it } from 'vitest';
import { expectedPathLength, isolationForest } from '../../main/detectors/methods/isolation-forest.ts';
import { auroc, fitRows, gaussian, scoreRows } from './rows-in-memory.ts';

describe('isolation-forest', () => {
  it('knows the expected path length', () => {
    expect([0, 1, 2].map(expectedPathLength)).toEqual([0, 0, 1]);
    expect(expectedPathLength(3)).toBeCloseTo(5 / 3, 12);
    // The paper's c(256), 2 (ln 255 + 0.5772156649) - 2 * 255 / 256, but for its approximate harmonic number.
    expect(expectedPathLength(256)).toBeCloseTo(2 * (Math.log(255) + 0.5772156649) - 510 / 256, 2);
  });

  it('ranks outliers above the rest, between 0 and 1', async () => {
    const state = await fitRows(isolationForest, { trusted: { x: gaussian(1, 500, 6) } });
    const clean = await scoreRows(isolationForest, state, { x: gaussian(2, 200, 6) });
    const far = await scoreRows(isolationForest, state, { x: gaussian(3, 200, 6, [4, -4]) });
    expect(auroc(clean, far)).toBeGreaterThan(0.95);
    for (const score of [...clean, ...far]) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(1);
    }
  });

  it('isolates one of two points in one step: 2^(-1 / c(2)) = 1/2 for both', async () => {
    const state = await fitRows(isolationForest, { trusted: { x: [[0], [1]] } }, { trees: 20 });
    expect(await scoreRows(isolationForest, state, { x: [[0], [1], [7]] })).toEqual([0.5, 0.5, 0.5]);
  });

  it('does not split on constant activations', async () => {
    const x = gaussian(4, 100, 1).map(([value]) => [5, 5, value!, 5]);
    const state = await fitRows(isolationForest, { trusted: { x } });
    const features = new Set(state.tensors['layer/feature']!.data);
    expect(features).toEqual(new Set([-1, 2]));
    const constant = await fitRows(isolationForest, { trusted: { x: Array.from({ length: 40 }, () => [1, 1]) } });
    expect((await scoreRows(isolationForest, constant, { x: [[1, 1]] }))[0]).toBeCloseTo(0.5, 12);
    const single = await fitRows(isolationForest, { trusted: { x: [[3]] } });
    expect(await scoreRows(isolationForest, single, { x: [[9]] })).toEqual([0.5]);
  });
});
