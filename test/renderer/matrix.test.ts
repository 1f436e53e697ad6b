import { describe, expect, it } from 'vitest';
import { cellFace } from '../../renderer/screens/experiment-page/cell-face.ts';
import { differenceAxis } from '../../shared/charts/difference-axis.ts';
import { countsOf } from '../../renderer/screens/experiment-page/experiment-counts.ts';
import { heatScales, heatStep } from '../../shared/charts/heat.ts';
import { cursorAfter } from '../../renderer/screens/experiment-page/matrix-cursor.ts';
import {
  pWords,
  seedAxis,
  shortFigure,
  shortInterval,
  groupLetters,
  shortReason,
  signedFigure,
} from '../../renderer/screens/experiment-page/matrix-words.ts';
import { seenOf } from '../../renderer/screens/experiment-page/rows-seen.ts';
import { cell, experimentSummary, experimentView, seed } from './experiment-view.ts';

describe('heatStep', () => {
  it.each([
    [1, 6], [0.98, 6], [0.979, 5], [0.93, 5], [0.85, 4], [0.75, 3], [0.65, 2], [0.55, 1], [0.549, 0], [0.5, 0], [0.45, 0],
    [0.449, -1], [0.34, -2], [0.2, -3], [0.1, -4], [0.03, -5], [0, -6],
  ])('of an AUROC of %f is %i', (figure, step) => expect(heatStep(figure, heatScales.auroc)).toBe(step)); // prettier-ignore

  it('is highest where the figure is best, be it low', () => {
    expect([0, 0.04, 0.5, 1].map((figure) => heatStep(figure, heatScales.fpr_at_95))).toEqual([6, 6, 3, 0]);
    expect([0, 0.5, 1].map((figure) => heatStep(figure, heatScales.tpr_at_1))).toEqual([0, 3, 6]);
  });
});

describe('cellFace', () => {
  const face = (each: ReturnType<typeof cell>, isCounted = true, share: number | null = null) =>
    cellFace(each, isCounted, heatScales.auroc, share);

  it('is a figure on its heat with its interval', () => {
    expect(face(cell(0.953, { lower: 0.936, upper: 0.969 }))).toEqual({
      look: 'done heat-5',
      top: '0.953',
      below: '.936–.969',
      hasPips: false,
      isDoubtful: false,
    });
  });

  it('has no heat where the task does not count', () => {
    expect(face(cell(0.953), false).look).toBe('done off');
  });

  it('has pips while seeds are missing, and a mark for doubts only once they are all there', () => {
    const seeds = [seed(0, 0.3), seed(1, null)];
    const partial = face(cell(0.3, { state: 'partial', seeds, warnings: ['Low.'] }));
    expect([partial.look, partial.hasPips, partial.isDoubtful]).toEqual(['partial below-2', true, false]);
    expect(face(cell(0.3, { warnings: ['Low.'] })).isDoubtful).toBe(true);
  });

  it('says how far a running seed is, what failed, and why something is not possible', () => {
    const running = cell(null, { state: 'running', seeds: [seed(0, null, { state: 'running' })] });
    expect(face(running, true, 0.359)).toMatchObject({ look: 'running bare', top: '35\u00a0%', below: 'seed 0' });
    const failed = cell(null, { state: 'failed', reason: 'The loss is not finite: step 412.' });
    expect(face(failed)).toMatchObject({ look: 'failed bare', top: 'Failed', below: 'The loss is not finite' });
    const impossible = cell(null, { state: 'impossible', reason: 'No untrusted data.', seeds: [] });
    expect(face(impossible)).toMatchObject({ look: 'impossible bare', top: '', below: 'No untrusted data' });
    const noLayer = cell(null, { state: 'done', reason: 'It has no scores of the layer linear_1.' });
    expect(face(noLayer)).toMatchObject({ look: 'done bare', below: 'no figure', hasPips: false });
    expect(face(cell(null))).toMatchObject({ look: 'waiting bare', below: 'waiting', hasPips: true });
  });
});

describe('figures in a matrix', () => {
  it('lose the zero before the point, and keep their sign', () => {
    expect([0.953, 1, -0.017, 0].map(shortFigure)).toEqual(['.953', '1.000', '\u2212.017', '.000']);
    expect([0.017, -0.005, 0].map(signedFigure)).toEqual(['+.017', '\u2212.005', '.000']);
    expect(shortInterval({ lower: 0.99, upper: 1 })).toBe('.990–1.000');
    expect(shortInterval({ lower: null, upper: 1 })).toBe('');
    expect([0.0004, 0.047, 1].map(pWords)).toEqual(['<\u00a0.001', '.047', '1']);
  });

  it('have the first sentence of a reason in a cell', () => {
    expect([shortReason('It failed. Then more.'), shortReason(null)]).toEqual(['It failed', '']);
  });
});

describe('seedAxis', () => {
  it('has round ends around all intervals, within 0 to 1', () => {
    const seeds = [seed(0, 0.961, { lower: 0.949, upper: 0.972 }), seed(1, null)];
    expect(seedAxis({ seeds, lower: 0.936, upper: 0.969 })).toEqual({ from: 0.92, to: 0.98 });
    expect(seedAxis({ seeds: [seed(0, 1, { lower: 0.998, upper: 1 })], lower: null, upper: null })).toEqual({ from: 0.98, to: 1 }); // prettier-ignore
  });

  it('has a length even where there is one figure, and is not there without any', () => {
    expect(seedAxis({ seeds: [seed(0, 1)], lower: null, upper: null })).toEqual({ from: 0.98, to: 1 });
    expect(seedAxis({ seeds: [seed(0, 0)], lower: null, upper: null })).toEqual({ from: 0, to: 0.02 });
    expect(seedAxis({ seeds: [seed(0, null)], lower: null, upper: null })).toBeUndefined();
  });
});

describe('differenceAxis', () => {
  const difference = (mean: number, lower: number, upper: number) => ({ mean, lower, upper });

  it('has 0 on it and room for the intervals', () => {
    const axis = differenceAxis([difference(-0.08, -0.11, -0.06), difference(-0.005, -0.017, 0.006)]);
    expect([axis.from, axis.to, axis.ticks]).toEqual([-0.2, 0.1, [-0.2, -0.1, 0, 0.1]]);
    expect(axis.at(0)).toBeCloseTo(200 / 3);
  });

  it('leaves out what is far from all others', () => {
    const axis = differenceAxis([difference(-0.02, -0.03, -0.01), difference(-0.03, -0.04, -0.02), difference(-0.6, -0.7, -0.5)]); // prettier-ignore
    expect(axis.from).toBeGreaterThan(-0.1);
    expect(axis.at(-0.6)).toBe(0);
  });

  it('is an axis without any difference, too', () => {
    const { from, to } = differenceAxis([]);
    expect([from, to]).toEqual([0, 0.01]);
  });
});

describe('cursorAfter', () => {
  const size = { lines: 3, columns: 2, heads: 4 };
  it.each([
    ['ArrowDown', { line: 2, column: 0 }, { line: 2, column: 0 }],
    ['ArrowUp', { line: 0, column: 1 }, { line: -1, column: 1 }],
    ['ArrowRight', { line: 0, column: 1 }, { line: 0, column: 1 }],
    ['ArrowRight', { line: -1, column: 1 }, { line: -1, column: 2 }],
    ['ArrowRight', { line: -1, column: 2 }, { line: -1, column: 3 }],
    ['ArrowRight', { line: -1, column: 3 }, { line: -1, column: 3 }],
    ['ArrowDown', { line: -1, column: 2 }, { line: 0, column: 1 }],
    ['ArrowLeft', { line: 0, column: 0 }, { line: 0, column: 0 }],
    ['End', { line: -1, column: 0 }, { line: -1, column: 2 }],
    ['Home', { line: 1, column: 1 }, { line: 1, column: 0 }],
    ['PageDown', { line: -1, column: 0 }, { line: 2, column: 0 }],
    ['PageUp', { line: 2, column: 1 }, { line: 0, column: 1 }],
  ])('%s from %j is %j', (key, from, to) => expect(cursorAfter(key, from, size)).toEqual(to));

  it('stays for other keys', () => expect(cursorAfter('a', { line: 0, column: 0 }, size)).toBeUndefined());
});

describe('seenOf', () => {
  it('are all of a few, and those around the place that is scrolled to of many', () => {
    expect(seenOf(8, 48, 0, 500)).toEqual({ from: 0, to: 8 });
    expect(seenOf(1000, 48, 4800, 480)).toEqual({ from: 96, to: 114 });
    expect(seenOf(1000, 48, 0, 0).to).toBeLessThan(30);
    expect(seenOf(40, 86, 3440, 860)).toEqual({ from: 36, to: 40 });
  });
});

describe('groupLetters', () => {
  it('are shared by rows that are not told apart', () => {
    expect(groupLetters({ groups: [[3, 1], [1, 0]] })).toEqual({ 3: 'a', 1: 'ab', 0: 'b' }); // prettier-ignore
    expect(groupLetters({ groups: null })).toEqual({});
  });
});

describe('countsOf', () => {
  it('counts what waits, what is not possible and which tasks do not count', () => {
    const view = experimentView({ knn: [0.9, 0.5] });
    view.matrix.cells[0]![1] = cell(null, { state: 'impossible' });
    view.matrix.tasks[1]!.notCounted = 'Its attack failed.';
    const summary = experimentSummary({ counts: { total: 9, done: 2, running: 1, failed: 1 } });
    expect(countsOf(summary, view)).toMatchObject({ waiting: 5, impossible: 1, notCounted: 1 });
    expect(countsOf(summary, undefined)).toMatchObject({ waiting: 5, impossible: 0, notCounted: 0 });
  });
});
