import { describe, expect, it } from 'vitest';
import { matrixStatistics } from '../../../main/evaluation/across/matrix-statistics.ts';
import { meanOverTasks } from '../../../main/evaluation/across/task-mean.ts';
import { matrixStatisticsSchema } from '../../../shared/domain/matrix-statistics.ts';
import { resultMatrixSchema } from '../../../shared/domain/result-matrix.ts';
import { impossibleCell, partOf, triggersOnMnist } from './matrices.ts';

const close = (values: readonly (number | null)[], expected: readonly (number | null)[]) => {
  expect(values.map((value) => value?.toFixed(10))).toEqual(expected.map((value) => value?.toFixed(10)));
};

// scipy 1.17.1 and statsmodels 0.15.0 on the figures of the matrix, by the task d of which both detectors have all seeds:
//   stats.rankdata(-figures, axis=0).mean(1), stats.wilcoxon(d, method=stats.PermutationMethod(n_resamples=2**12)),
//   stats.t.interval(.95, len(d) - 1, d.mean(), stats.sem(d)), multipletests(p, method='holm')
const difference = {
  'functional-attribution': [7, -0.004571428571428572, -0.019832384301164983, 0.01068952715830784, 4, 3, 0.671875, 0.671875],
  'class-mahalanobis': [8, -0.017625000000000002, -0.03094851261364195, -0.004301487386358053, 2, 6, 0.0390625, 0.078125],
  vae: [7, -0.05657142857142857, -0.08197724676821325, -0.0311656103746439, 0, 7, 0.015625, 0.046875],
  knn: [8, -0.079875, -0.11330818490539717, -0.04644181509460284, 0, 8, 0.0078125, 0.046875],
  beatrix: [8, -0.076625, -0.09063525615685483, -0.06261474384314517, 0, 8, 0.0078125, 0.046875],
  spectral: [8, -0.597125, -0.6887069804503254, -0.5055430195496746, 0, 8, 0.0078125, 0.046875],
}; // prettier-ignore

describe('statistics of a matrix', () => {
  const matrix = triggersOnMnist();
  const statistics = matrixStatistics(matrix, 1);
  const byName = (name: string) => statistics.detectors[matrix.detectors.findIndex(({ label }) => label === name)]!;

  it('has means and ranks over the tasks that all ranked detectors have complete', () => {
    const common = [0, 1, 3, 4, 5, 6, 7];
    expect(statistics.commonTasks).toEqual(common);
    expect(statistics.ranked).toEqual([1, 2, 3, 4, 5, 6, 7]);
    close(
      statistics.detectors.map(({ mean }) => mean),
      [
        6.994 / 7, 0.9744285714285714, 0.969857142857143, 0.9588571428571429, 0.9178571428571429, 0.9078571428571428,
        0.9018571428571429, 0.3485714285714286,
      ], // prettier-ignore
    );
    close(
      statistics.detectors.map(({ rank }) => rank),
      [null, 13 / 7, 2, 16 / 7, 32 / 7, 35.5 / 7, 36.5 / 7, 7],
    );
    for (const { tasks } of statistics.detectors) expect(tasks).toEqual(common);
  });

  it.each(Object.entries(difference))('compares %s with the baseline as scipy', (name, expected) => {
    const [tasks, mean, lower, upper, win, loss, p, corrected] = expected as [number, ...number[]];
    const { comparison } = byName(name);
    expect(comparison).toMatchObject({ win, tie: 0, loss, p, corrected, noTest: null });
    expect(comparison!.tasks).toHaveLength(tasks);
    close([comparison!.difference, comparison!.lower, comparison!.upper], [mean!, lower!, upper!]);
  });

  it('compares neither the baseline with itself nor a skyline, and says of how many it corrected for', () => {
    expect(byName('mahalanobis').comparison).toBeNull();
    expect(byName('supervised-probe')).toMatchObject({ comparison: null, rank: null });
    expect(statistics).toMatchObject({ baseline: 1, comparisons: 6, noTest: null });
  });

  it('says what is left out, and why', () => {
    expect(byName('vae').leftOut).toEqual([
      { task: 2, reason: 'Attack failed (4.7 % success)' },
      { task: 8, reason: 'The loss is not finite' },
      { task: 9, reason: '0 of 3 seeds done' },
    ]);
    expect(byName('knn').leftOut.at(-1)).toEqual({ task: 9, reason: '2 of 3 seeds done' });
    expect(byName('spectral').leftOut.at(-1)).toEqual({ task: 9, reason: 'The task has no untrusted data' });
  });

  it('joins what pairwise tests leave undecided', () => {
    // 21 pairs over seven tasks: none has a p below 1 / 64, and 21 / 64 is no difference.
    expect(statistics.groups).toEqual([[1, 2, 3, 4, 5, 6, 7]]);
    // Three pairs over seven tasks: 3 / 64 is one, as between mahalanobis and vae or spectral, and vae and spectral.
    const three = partOf(matrix, [4, 1, 7], [0, 1, 3, 4, 5, 6, 7]);
    expect(matrixStatistics(three, null).groups).toEqual([]);
    // On its own against mahalanobis functional attribution does better on four of seven tasks.
    const alike = partOf(matrix, [7, 1, 2], [0, 1, 3, 4, 5, 6, 7]);
    expect(matrixStatistics(alike, null).groups).toEqual([[2, 1]]);
  });

  it('tests nothing with fewer than six tasks, and says so', () => {
    const few = partOf(matrix, [1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5]);
    const { detectors, comparisons, noTest, groups } = matrixStatistics(few, 0);
    const sentence =
      'Too few tasks for a test across tasks: 5 count, and with fewer than 6 the smallest two-sided p is .0625 or more.';
    expect({ comparisons, noTest, groups }).toEqual({ comparisons: 0, noTest: sentence, groups: null });
    expect(detectors[1]!.comparison).toMatchObject({ p: null, corrected: null, noTest: sentence, win: 2, loss: 3 });
    expect(detectors[1]!.comparison!.lower).toBeLessThan(detectors[1]!.comparison!.difference!);
  });

  it('says where too few tasks differ', () => {
    const equal = partOf(matrix, [1, 1], [0, 1, 3, 4, 5, 6]);
    expect(matrixStatistics(equal, 0)).toMatchObject({
      noTest: expect.stringContaining('tasks: 0 of 6 differ, and') as string,
      groups: [[0, 1]],
    });
  });

  it('goes by the direction of the metric', () => {
    const { detectors } = matrixStatistics({ ...matrix, metric: 'fpr_at_95' }, 1);
    expect(detectors.map(({ rank }) => rank && Number(rank.toFixed(2)))).toEqual([null, 6.14, 6, 5.71, 3.43, 2.93, 2.79, 1]); // prettier-ignore
    expect(detectors[7]!.comparison).toMatchObject({ win: 8, loss: 0, p: 0.0078125 });
    expect(detectors[7]!.comparison!.difference).toBeCloseTo(-0.597125, 12);
  });

  it('does not let a detector that has nothing complete keep the others from ranks', () => {
    const never = { ...matrix, cells: matrix.cells.map((row, d) => (d === 7 ? row.map(() => impossibleCell) : row)) };
    const { ranked, commonTasks, detectors } = matrixStatistics(never, 1);
    expect(ranked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(commonTasks).toHaveLength(7);
    expect(detectors[7]).toMatchObject({ mean: null, tasks: [], rank: null, comparison: null });
  });

  it('has nothing to say of a matrix without results, of one task, or without a baseline', () => {
    const empty = { ...matrix, cells: matrix.cells.map((row) => row.map(() => impossibleCell)) };
    expect(matrixStatistics(empty, 1)).toMatchObject({ commonTasks: [], ranked: [], comparisons: 0, groups: null });
    const single = matrixStatistics(partOf(matrix, [1, 2], [0]), 0).detectors[1]!.comparison!;
    expect(single).toMatchObject({ lower: null, upper: null, p: null, win: 0, loss: 1 });
    expect(single.difference).toBeCloseTo(-0.007, 12);
    expect(matrixStatistics(matrix, null)).toMatchObject({ baseline: null, comparisons: 0, noTest: null });
    expect(matrixStatistics(partOf(matrix, [], []), null)).toMatchObject({ detectors: [], ranked: [] });
    expect(() => matrixStatistics(matrix, 8)).toThrow('no detector 8 to compare with: expected 0 to 7');
  });

  it('compares with a skyline where that is asked for', () => {
    const { detectors, comparisons } = matrixStatistics(matrix, 0);
    expect(comparisons).toBe(7);
    expect(detectors[1]!.comparison).toMatchObject({ win: 0, loss: 8 });
  });

  it('has a mean of a skyline over those common tasks that it has complete', () => {
    const cells = matrix.cells.map((row, d) => row.map((cell, t) => (d === 0 && t === 0 ? impossibleCell : cell)));
    expect(matrixStatistics({ ...matrix, cells }, 1).detectors[0]).toMatchObject({ tasks: [1, 3, 4, 5, 6, 7] });
  });

  it('travels as it is', () => {
    expect(resultMatrixSchema.parse(matrix)).toEqual(matrix);
    expect(matrixStatisticsSchema.parse(JSON.parse(JSON.stringify(statistics)))).toEqual(statistics);
  });
});

describe('mean over tasks', () => {
  it("has Student's interval, within -1 and 1", () => {
    expect(meanOverTasks([])).toEqual({ mean: null, lower: null, upper: null });
    expect(meanOverTasks([0.5])).toEqual({ mean: 0.5, lower: null, upper: null });
    const { mean, lower, upper } = meanOverTasks([0.1, 0.3]);
    close([mean, lower, upper], [0.2, -1, 1]);
    // t with two degrees of freedom is 4.302652729749462, the deviation .01.
    const narrow = meanOverTasks([0.01, 0.02, 0.03]);
    close([narrow.lower, narrow.upper], [0.02 - 0.0248413771, 0.02 + 0.0248413771]);
  });
});
