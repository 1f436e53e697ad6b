import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrixStatistics } from '../../main/evaluation/across/matrix-statistics.ts';
import { paperFigure, type PaperFormat } from '../../main/figures/paper/paper.ts';
import { figureOf } from '../../main/reports/experiment-figures.ts';
import { experimentFigures, type ExperimentFigureKind } from '../../shared/domain/experiment-figure.ts';
import type { ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { partOf, triggersOnMnist } from '../evaluation/across/matrices.ts';
import { differenceFromStored, visibleDifference } from './compare.ts';

const page = { widthMm: 174, fontPt: 9 };
const column = { widthMm: 84, fontPt: 7 };
const matrix = triggersOnMnist();

/** The tasks of a matrix as those of two with a poison rate each. */
function sweepOf({ tasks, detectors }: ResultMatrix): Parameters<typeof figureOf>[1]['sweep'] {
  const rates = [0.001, 0.003, 0.01, 0.03, 0.1];
  return {
    axes: [{ path: 'task.p', label: 'Poison rate', scale: 'log' }],
    columns: tasks.map((_, t) => ({ base: t < rates.length ? 'Corner pixel' : 'Noise', point: { 'task.p': rates[t % rates.length]! } })), // prettier-ignore
    rows: detectors.map(({ label }) => ({ base: label, point: {} })),
  };
}

function figure(kind: ExperimentFigureKind, own: ResultMatrix = matrix) {
  return figureOf(kind, {
    matrix: own,
    strip: [],
    statistics: matrixStatistics(own, 1),
    sweep: sweepOf(own),
    rocAt: rocIn(own),
  });
}

/** Curves TPR = FPR^k, with the AUROC that a cell has. */
function rocIn({ cells }: ResultMatrix): Parameters<typeof figureOf>[1]['rocAt'] {
  return (d, t) => {
    const auroc = cells[d]![t]!.mean;
    if (auroc === null) return null;
    const fpr = Array.from({ length: 60 }, (_, i) => 0.002 ** (1 - i / 59));
    return { clean: 500, fpr, tpr: fpr.map((rate) => rate ** ((1 - auroc) / Math.max(auroc, 1e-9))) };
  };
}

function drawn(kind: ExperimentFigureKind, format: PaperFormat, size = page, own: ResultMatrix = matrix): Buffer {
  const { layOut, ...words } = figure(kind, own);
  return paperFigure(layOut, size, format, words);
}

describe.each(experimentFigures)('the figure "%s"', (kind) => {
  const svg = drawn(kind, 'svg');
  const png = drawn(kind, 'png');

  it('looks as it did when it was last looked at', async () => {
    expect(await differenceFromStored(`paper-${kind}`, png, 0.01)).toBeLessThanOrEqual(0.01);
    // As many pixels as the PNG has: scaled up, letters would have other edges.
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    const large = svg.toString().replace(/ width="[^"]*" height="[^"]*"/, ` width="${width}" height="${height}"`);
    // Viewers without the typeface take another one, whose letters are a few pixels wider or narrower here.
    expect(await visibleDifference(Buffer.from(large), png)).toBeLessThan(0.06);
  });

  it('has the width on paper that was asked for, in every format', () => {
    expect(svg.toString()).toContain(' width="174mm" ');
    // 174 mm at 300 dots an inch.
    expect(png.readUInt32BE(16)).toBe(2055);
    const density = png.indexOf('pHYs');
    expect([png.readUInt32BE(density + 4), png.readUInt32BE(density + 8), png[density + 12]]).toEqual([
      11811, 11811, 1,
    ]);
    expect(/MediaBox \[0 0 (\d+) /.exec(drawn(kind, 'pdf').toString('latin1'))![1]).toBe('493');
  });

  it('has text as text, in a PDF with the signs that it needs', () => {
    expect(svg.toString()).toContain('class-mahalanobis');
    const pdf = drawn(kind, 'pdf').toString('latin1');
    expect(pdf).toMatch(/\/BaseFont \/[A-Z]{6}\+Inter-Regular/);
    expect(pdf).toContain('/FontFile2');
    expect(pdf).toContain('/ToUnicode');
    // Letters that are drawn as shapes.
    expect(pdf).not.toContain('/Type3');
  });

  it('is the same whenever it is drawn', () => {
    for (const format of ['svg', 'png', 'pdf'] as const)
      expect(drawn(kind, format).equals(drawn(kind, format))).toBe(true);
  });

  it('fits into a column, whatever things are called', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 6, maxLength: 6 }), name, (labels, task) => {
        const own = partOf(matrix, [1, 2, 3, 4, 5, 6], [0, 1, 3, 4, 5, 6]);
        const hostile = {
          ...own,
          detectors: own.detectors.map((detector, d) => ({ ...detector, label: labels[d]! })),
          tasks: own.tasks.map((each, t) => (t === 0 ? { ...each, label: `<b>&${task}` } : each)),
        };
        for (const format of ['svg', 'pdf'] as const) {
          const file = drawn(kind, format, column, hostile);
          expect(file.length).toBeGreaterThan(500);
          if (format === 'svg') expect(file.toString()).not.toContain('<b>');
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('what figures say', () => {
  it('the matrix writes each figure, with two decimals where three have no room, and what does not count', () => {
    const wide = drawn('matrix', 'svg').toString();
    for (const text of ['>.995<', '>1.000<', '>failed<', '>n/a<', '>WaNet †<']) expect(wide).toContain(text);
    expect(wide).toContain('>† WaNet is not counted. Attack failed (4.7 % success)<');
    const narrow = partOf(matrix, [1, 4, 5], [0, 1, 2, 3, 4, 5, 6, 7]);
    const small = drawn('matrix', 'svg', { widthMm: 84, fontPt: 7 }, narrow).toString();
    expect(small).toContain('>.99<');
    expect(small).not.toContain('>.995<');
  });

  it('the matrix says that it has no room rather than leave something out', () => {
    expect(() => drawn('matrix', 'svg', { widthMm: 60, fontPt: 9 })).toThrow(/10 tasks do not fit into this width/);
  });

  it('the forest has corrected p values, bold where they decide, and shows what is off its axis', () => {
    const svg = drawn('forest', 'svg').toString();
    expect(svg).toMatch(/font-weight="600"[^>]*>\.047</);
    expect(svg).toContain('corrected by Holm for 6 comparisons');
    expect(figure('forest').description).toMatch(
      /^AUROC \(mean of layers\) minus that of mahalanobis: mean over 7 to 8 tasks/,
    );
    expect(figure('forest').description).toContain('spectral −0.597');
  });

  it('neither tests nor joins anything where tasks are too few', () => {
    const few = partOf(matrix, [0, 1, 2, 3], [0, 1, 3]);
    const forest = drawn('forest', 'svg', page, few).toString();
    expect(forest).toContain('Too few tasks for a test across tasks: 3');
    expect(forest).not.toContain('corrected');
    const ranks = drawn('ranks', 'svg', page, few).toString();
    expect(ranks).toContain('Mean rank by AUROC (mean of layers) over 3 tasks');
    expect(ranks).toContain('No bars: with fewer than 6 tasks no test tells detectors apart');
    expect(ranks).not.toContain('stroke-width="3"');
  });

  it('ranks join what Holm leaves undecided, and leave skylines out', () => {
    const svg = drawn('ranks', 'svg').toString();
    expect(svg.match(/stroke-width="3"/g)).toHaveLength(matrixStatistics(matrix, 1).groups!.length);
    expect(svg).toContain('Not ranked, since they see anomaly labels: supervised-probe.');
    expect(svg).not.toContain('>supervised-probe');
    expect(svg).toContain('for all 21 pairs');
  });

  it('curves have a panel a task and a line a detector, the eight best where there are more', () => {
    const svg = drawn('curves', 'svg').toString();
    for (const text of ['>Corner pixel<', '>Noise<', '>Poison rate, log scale<', '>0.003<', '>mahalanobis<'])
      expect(svg).toContain(text);
    const many = { ...matrix, detectors: [...matrix.detectors, ...matrix.detectors].map((own, d) => ({ ...own, label: `${own.label} ${d}` })), cells: [...matrix.cells, ...matrix.cells] }; // prettier-ignore
    const best = drawn('curves', 'svg', page, many).toString();
    expect(best).toContain(`Shown are the 8 best on average; ${many.detectors.length - 8} more were left out.`);
    expect(() => drawn('curves', 'svg', { widthMm: 40, fontPt: 24 })).toThrow(/The curves do not fit/);
  });

  it('ROC curves have a panel a task over a logarithmic FPR', () => {
    const svg = drawn('roc', 'svg').toString();
    for (const text of ['>Corner<', '>WaNet †<', '>FPR, log scale<', '>0.01<', '>mahalanobis<'])
      expect(svg).toContain(text);
    expect(svg).toContain('† WaNet is not counted.');
    const undone = { ...matrix, cells: matrix.cells.map((row) => row.map((cell) => ({ ...cell, mean: null }))) };
    expect(() => figure('roc', undone)).toThrow(/no cell is done/);
  });

  it('are refused where there is nothing to draw', () => {
    const waiting = partOf(matrix, [2, 4], [9]);
    expect(() => figureOf('curves', { matrix, strip: [], statistics: matrixStatistics(matrix, 1), sweep: { axes: [], columns: [], rows: [] }, rocAt: () => null })).toThrow(/nothing is swept/); // prettier-ignore
    expect(() => figure('forest', waiting)).toThrow(/no two ranked detectors have a task complete/);
    expect(() => figure('ranks', waiting)).toThrow(/no task is complete/);
    expect(drawn('matrix', 'svg', page, waiting).toString()).toContain(
      'No task is complete for every ranked detector yet.',
    );
  });
});
