import { describe, expect, it } from 'vitest';
import { CurveChoice } from '../../renderer/screens/experiment-page/curve-choice.svelte.ts';
import { layerChoices } from '../../renderer/screens/experiment-page/layer-choices.ts';
import { attackMarks, curveAxes, layerPanels, sweepPanels, timeMarks } from '../../shared/charts/experiment-curves.ts';
import { describeSweep, sweepToTable, verticalRange } from '../../shared/charts/sweep-chart.ts';
import type { ExperimentView } from '../../shared/domain/experiment-view.ts';
import { cell, experimentView, seed } from './experiment-view.ts';

const rate = 'task.classifier.train_data.backdoor.p_backdoor';
const k = 'detectors.knn.k';

/** Two tasks at three rates each, the highest first in the spec. */
function sweptOverTasks(): ExperimentView {
  const view = experimentView({ knn: [0.9, 0.7, 0.5, 0.8, null, 0.6], vae: [0.95, 0.75, 0.55, 0.85, 0.7, 0.65] });
  view.sweep.axes = [{ path: rate, label: 'Poisoned share', scale: 'log' }];
  view.sweep.columns = ['Corner', 'Noise'].flatMap((base) => [0.1, 0.01, 0.001].map((value) => ({ base, point: { [rate]: value } }))); // prettier-ignore
  view.matrix.tasks[2]!.notCounted = 'Its attack failed.';
  return view;
}

describe('the matrix against what is swept', () => {
  it('has a panel a task and a line a detector, in the order of the values, without what is not there yet', () => {
    const panels = sweepPanels(sweptOverTasks(), `sweep:${rate}`)!;
    expect(panels.axis).toEqual({ label: 'Poisoned share', scale: 'log', values: [0.001, 0.01, 0.1] });
    expect(panels.isScattered).toBe(false);
    expect(panels.panels.map(({ title }) => title)).toEqual(['Corner', 'Noise']);
    const [corner, noise] = panels.panels;
    expect(corner!.lines.map(({ name }) => name)).toEqual(['knn', 'vae']);
    expect(corner!.lines[0]!.points.map(({ x, y, isCounted }) => [x, y, isCounted])).toEqual([
      [0.001, 0.5, false],
      [0.01, 0.7, true],
      [0.1, 0.9, true],
    ]);
    expect(noise!.lines[0]!.points.map(({ x }) => x)).toEqual([0.001, 0.1]);
  });

  it('has a line a value of what else is swept, and a level one for a detector without the parameter', () => {
    const view = experimentView({ 'knn 1 a': [0.5], 'knn 9 a': [0.6], 'knn 1 b': [0.7], 'knn 9 b': [0.8], vae: [0.9] });
    const how = 'detectors.knn.how';
    view.sweep.axes = [
      { path: k, label: 'k', scale: 'linear' },
      { path: how, label: 'How', scale: 'choice' },
    ];
    view.sweep.rows = [
      ...['a', 'b'].flatMap((word) => [1, 9].map((value) => ({ base: 'knn', point: { [k]: value, [how]: word } }))),
      { base: 'vae', point: {} },
    ];
    const byK = sweepPanels(view, `sweep:${k}`)!;
    const linesOf = ({ panels }: typeof byK) =>
      Object.fromEntries(panels[0]!.lines.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])]));
    expect(linesOf(byK)).toEqual({
      'knn a': [[1, 0.5], [9, 0.6]],
      'knn b': [[1, 0.7], [9, 0.8]],
      vae: [[1, 0.9], [9, 0.9]],
    }); // prettier-ignore
    expect(linesOf(sweepPanels(view, `sweep:${how}`)!)).toMatchObject({ 'knn 1': [['a', 0.5], ['b', 0.7]] }); // prettier-ignore
    expect(sweepPanels(view, 'sweep:other')).toBeUndefined();
  });

  it('joins nothing where several values were drawn at random together', () => {
    const view = experimentView({ knn: [0.5, 0.6, 0.7] });
    const size = 'task.max_train_size';
    view.sweep.axes = [rate, size].map((path) => ({ path, label: path, scale: 'linear' }));
    view.sweep.columns = [[0.3, 10], [0.1, 30], [0.2, 20]].map(([a, b]) => ({ base: 'Corner', point: { [rate]: a!, [size]: b! } })); // prettier-ignore
    const panels = sweepPanels(view, `sweep:${rate}`)!;
    expect([panels.isScattered, panels.panels.map(({ title }) => title)]).toEqual([true, ['Corner']]);
    expect(panels.panels[0]!.lines[0]!.points.map(({ x, y }) => [x, y])).toEqual([[0.1, 0.6], [0.2, 0.7], [0.3, 0.5]]); // prettier-ignore
  });

  it('can be read as sentences and as a table', () => {
    const { axis, panels } = sweepPanels(sweptOverTasks(), `sweep:${rate}`)!;
    const lines = panels[0]!.lines.map((line, series) => ({ ...line, series }));
    const data = { axis, lines, metric: 'AUROC', low: 0, high: 1 };
    expect(describeSweep(data)).toContain('knn: 0.500 at 0.001, 0.900 at 0.1.');
    expect(sweepToTable(data).rows).toHaveLength(6);
    expect(sweepToTable(data).rows[0]).toEqual(['knn', 0.001, 0.5, null, null, 'no']);
  });
});

describe('the matrix against other things', () => {
  it('offers what there is: layers only where there are several, attacks only where a trigger was learned', () => {
    const view = sweptOverTasks();
    expect(curveAxes(view).map(({ id }) => id)).toEqual([`sweep:${rate}`, 'attack']);
    view.layers.single = ['a', 'b'].map((id) => ({ id, name: id }));
    view.strip = view.strip.map((strip) => ({ ...strip, attackSuccess: null }));
    view.matrix.cells[0]![0] = cell(0.9, { seeds: [seed(0, 0.9, { ms: 1500 })] });
    expect(curveAxes(view).map(({ label }) => label)).toEqual(['Poisoned share', 'Layer', 'Time of a run']);
  });

  it('has a point a layer that a detector has scores of', () => {
    const view = experimentView({ knn: [0.9], softmax: [0.6] });
    const layers = ['first', 'last'].map((id) => ({ id, name: id }));
    const figure = (mean: number) => ({ mean, lower: mean - 0.1, upper: mean + 0.1 });
    const { panels, axis } = layerPanels(view, {
      layers,
      cells: [[[figure(0.7), figure(0.8)]], [[null, figure(0.6)]]],
    });
    expect(axis).toEqual({ label: 'Layer', scale: 'steps', values: ['first', 'last'] });
    expect(panels[0]!.lines.map(({ name, points }) => [name, points.map(({ x, y }) => `${x} ${y}`)])).toEqual([
      ['knn', ['first 0.7', 'last 0.8']],
      ['softmax', ['last 0.6']],
    ]);
  });

  it('has a mark a task at the success of its attack, and one a detector at the mean time of its runs', () => {
    const view = experimentView({ knn: [0.9, 0.5] }, [0.9]);
    view.strip[1]!.attackSuccess = null;
    expect(attackMarks(view)).toEqual([{ name: 'knn', marks: [{ of: 'task 0', x: 0.99, y: 0.9, lower: null, upper: null }] }]); // prettier-ignore
    view.matrix.cells[0]![0] = cell(0.9, { seeds: [seed(0, 0.9, { ms: 1000 }), seed(1, 0.9, { ms: 3000 })] });
    const [{ marks }] = timeMarks(view, ['task 0']) as [ReturnType<typeof timeMarks>[number]];
    expect(marks).toEqual([{ of: 'task 0', x: 2000, y: 0.9, lower: 0.9, upper: 0.9 }]);
    expect(timeMarks(experimentView({ knn: [0.9] }), ['task 0'])[0]!.marks).toEqual([]);
  });
});

describe('verticalRange', () => {
  it('is tenths around all intervals, and never beyond 1', () => {
    expect(verticalRange([{ y: 0.95, lower: 0.91, upper: 1 }, { y: 0.7, lower: null, upper: null }])).toEqual({ low: 0.7, high: 1 }); // prettier-ignore
    expect(verticalRange([{ y: 0, lower: 0, upper: 0 }])).toEqual({ low: 0, high: 0.1 });
    expect(verticalRange([])).toEqual({ low: 0, high: 1 });
  });
});

describe('which curves are drawn', () => {
  it('are eight at most; each keeps its colour, and a free one is taken by the next', () => {
    const names = Array.from({ length: 10 }, (_, i) => `detector ${i}`);
    const choice = new CurveChoice(names);
    expect(names.map((name) => choice.seriesOf(name))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, undefined, undefined]);
    choice.toggle('detector 9');
    expect([choice.isFull, choice.seriesOf('detector 9')]).toEqual([true, undefined]);
    choice.toggle('detector 3');
    choice.toggle('detector 9');
    expect(['detector 3', 'detector 9', 'detector 4'].map((name) => choice.seriesOf(name))).toEqual([undefined, 3, 4]);
  });
});

describe('layerChoices', () => {
  const single = ['layers.linear_0.output', 'layers.linear_1.output'].map((id, i) => ({ id, name: `linear_${i}` }));
  const labels = (own: string | null) => layerChoices({ own, single }).map(({ label }) => label);

  it('offer nothing twice, and say of single layers what they are', () => {
    expect(labels('mean')).toEqual(['Layers: mean', 'Layers: max', 'linear_0 alone', 'linear_1 alone']);
    expect(labels(null)).toEqual(['Layers: own aggregate', 'Layers: mean', 'Layers: max', 'linear_0 alone', 'linear_1 alone']); // prettier-ignore
    expect(layerChoices({ own: 'mean', single }).at(-1)).toMatchObject({
      value: 'layer layers.linear_1.output',
      hint: 'Picked after seeing the labels',
    });
    expect(layerChoices({ own: 'mean', single: single.slice(1) })).toEqual([]);
  });
});
