import { sweepAxisId, sweepPanels } from '../../shared/charts/experiment-curves.ts';
import { heatScales, heatStep } from '../../shared/charts/heat.ts';
import { verticalRange } from '../../shared/charts/sweep-chart.ts';
import type { ExperimentFigureKind, FigureOptions } from '../../shared/domain/experiment-figure.ts';
import type { ViewOptions } from '../../shared/domain/experiment-view.ts';
import { matrixMetrics } from '../../shared/domain/result-matrix.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { counted, formatMetric } from '../../shared/format.ts';
import { slug } from '../../shared/slug.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import { curveDrawing, type CurvePanel } from '../figures/paper/curve-figure.ts';
import { forestDrawing } from '../figures/paper/forest-figure.ts';
import { matrixDrawing } from '../figures/paper/matrix-figure.ts';
import { paperFigure, paperFormats, type PaperDrawing, type PaperWords } from '../figures/paper/paper.ts';
import { rankDrawing } from '../figures/paper/rank-figure.ts';
import { experimentResults, type ExperimentResults } from './experiment-results.ts';
import type { TableFile } from './experiment-table.ts';
import { matrixTable } from './matrix/matrix-table.ts';
import { pWords } from './p-words.ts';

/** What a figure is made from. */
export interface FigureRequest {
  subject: MatrixSubject;
  options: ViewOptions & FigureOptions;
}

/** A figure that is not drawn yet. */
interface ExperimentFigure extends PaperWords {
  layOut: (width: number) => PaperDrawing;
}

/** Draws a figure of an experiment for a paper. @throws CupbearerError `conflict` where there is nothing to draw, `usage` where it has no room. */
export function experimentFigure({ subject, options }: FigureRequest): TableFile {
  const { figure, format, widthMm, fontPt } = options;
  const { layOut, ...words } = figureOf(figure, experimentResults(subject, options));
  const bytes = paperFigure(layOut, { widthMm, fontPt }, format, words);
  return {
    name: `${slug(subject.title) || 'experiment'}-${figure}.${format}`,
    type: paperFormats[format],
    bytes: new Uint8Array(bytes),
  };
}

const makers: Readonly<Record<ExperimentFigureKind, (results: ExperimentResults) => ExperimentFigure>> = {
  matrix: matrixOf,
  forest: forestOf,
  ranks: ranksOf,
  roc: rocFigure,
  curves: curvesOf,
};

/** A figure of results. @throws CupbearerError `conflict` where there is nothing to draw. */
export function figureOf(kind: ExperimentFigureKind, results: ExperimentResults): ExperimentFigure {
  return makers[kind](results);
}

/** "mean over 3 seeds", "seed 4" */
function seedsWords(seeds: readonly number[]): string {
  return seeds.length === 1 ? `seed ${seeds[0]}` : `mean over ${seeds.length} seeds`;
}

function matrixOf({ matrix, statistics }: ExperimentResults): ExperimentFigure {
  const { metric, tasks, detectors, cells } = matrix;
  const { title, higher } = matrixMetrics[metric];
  const scale = heatScales[metric];
  const { rows: printed } = matrixTable(matrix, statistics, { spread: 'none', settings: '' }, null);
  const data = {
    columns: tasks.map(({ label, notCounted }) => ({ label, isCounted: notCounted === null })),
    rows: detectors.map(({ label, isSkyline }, d) => ({
      label,
      isSkyline,
      cells: cells[d]!.map(({ mean, lower, upper }, t) => ({
        value: mean,
        interval: lower === null || upper === null ? null : { lower, upper },
        word: printed[d]!.cells[t]!.value,
        step: mean === null || tasks[t]!.notCounted !== null ? null : heatStep(mean, scale),
        isBest: printed[d]!.cells[t]!.standing === 'best',
      })),
      mean: statistics.detectors[d]!.mean,
      isBestMean: printed[d]!.cells[tasks.length]!.standing === 'best',
      rank: statistics.detectors[d]!.rank,
    })),
    notes: [
      `${title}, ${higher ? 'higher' : 'lower'} is better; ${matrix.aggregation}; ${seedsWords(matrix.seeds)}; best of a column in bold.`,
      ...(statistics.commonTasks.length > 0
        ? [`Means and ranks over ${counted(statistics.commonTasks.length, 'task')}.`]
        : ['No task is complete for every ranked detector yet.']),
      ...tasks.flatMap(({ label, notCounted }) =>
        notCounted === null ? [] : [`† ${label} is not counted. ${notCounted}`],
      ),
    ],
  };
  const best = statistics.ranked.reduce<number | null>((top, d) => {
    const [own, leader] = [statistics.detectors[d]!.rank, top === null ? null : statistics.detectors[top]!.rank];
    return own !== null && (leader === null || own < leader) ? d : top;
  }, null);
  const leads =
    best === null ? '' : ` Best mean rank: ${detectors[best]!.label}, ${statistics.detectors[best]!.rank!.toFixed(1)}.`;
  return {
    title: `${matrix.title}: ${title}`,
    description: `${title} of ${counted(detectors.length, 'detector')} on ${counted(tasks.length, 'task')}, ${seedsWords(matrix.seeds)}.${leads}`,
    layOut: (width) => matrixDrawing(data, width),
  };
}

function forestOf({ matrix, statistics }: ExperimentResults): ExperimentFigure {
  const { detectors, metric } = matrix;
  const { title } = matrixMetrics[metric];
  const { baseline, comparisons, noTest } = statistics;
  const compared = detectors.flatMap(({ label }, d) => {
    const comparison = statistics.detectors[d]!.comparison;
    return comparison && comparison.difference !== null
      ? [{ label, ...comparison, difference: comparison.difference }]
      : [];
  });
  if (baseline === null || compared.length === 0)
    throw new CupbearerError(
      'conflict',
      'There are no differences to draw: no two ranked detectors have a task complete.',
    );
  const against = detectors[baseline]!.label;
  const counts = [...new Set(compared.map(({ tasks }) => tasks.length))].sort((a, b) => a - b);
  const over = counts.length === 1 ? counted(counts[0]!, 'task') : `${counts[0]} to ${counts.at(-1)} tasks`;
  const family = comparisons === 1 ? '' : `, corrected by Holm for ${comparisons} comparisons`;
  const axisTitle = `${title} (${matrix.aggregation}) minus that of ${against}: mean over ${over}, with its 95\u00a0% interval.`;
  return {
    title: `${matrix.title}: ${title} against ${against}`,
    description: `${axisTitle} ${compared.map(({ label, difference }) => `${label} ${difference >= 0 ? '+' : '−'}${formatMetric(Math.abs(difference))}`).join('; ')}.`,
    layOut: (width) =>
      forestDrawing(
        {
          rows: compared.map(({ label, difference, lower, upper, corrected }) => ({
            label,
            mean: difference,
            lower,
            upper,
            p: corrected === null ? '' : pWords(corrected),
            isDecided: corrected !== null && corrected < 0.05,
          })),
          axisTitle,
          pTitle: 'p',
          notes: comparisons > 0 ? [`p by Wilcoxon’s signed-rank test over tasks${family}; bold below .05.`] : [noTest ?? ''].filter(Boolean), // prettier-ignore
        },
        width,
      ),
  };
}

function ranksOf({ matrix, statistics }: ExperimentResults): ExperimentFigure {
  const { detectors, metric } = matrix;
  const { title } = matrixMetrics[metric];
  const { commonTasks, groups, ranked } = statistics;
  const order = ranked
    .flatMap((d) => (statistics.detectors[d]!.rank === null ? [] : [{ d, rank: statistics.detectors[d]!.rank }]))
    .sort((a, b) => a.rank - b.rank);
  if (order.length < 2)
    throw new CupbearerError(
      'conflict',
      'There are no ranks to draw: no task is complete for two ranked detectors or more.',
    );
  const tasks = counted(commonTasks.length, 'task');
  const pairs = (order.length * (order.length - 1)) / 2;
  const said =
    groups === null
      ? 'No bars: with fewer than 6 tasks no test tells detectors apart (the smallest two-sided p of five is .0625).'
      : `Bars join what Wilcoxon’s signed-rank tests, corrected by Holm for all ${pairs} pairs, do not tell apart.`;
  const skylines = detectors.filter(({ isSkyline }) => isSkyline).map(({ label }) => label);
  return {
    title: `${matrix.title}: mean ranks`,
    description: `Mean ranks by ${title} over ${tasks}, 1 for the best: ${order.map(({ d, rank }) => `${detectors[d]!.label} ${rank.toFixed(1)}`).join(', ')}. ${said}`,
    layOut: (width) =>
      rankDrawing(
        {
          detectors: order.map(({ d, rank }) => ({ label: detectors[d]!.label, rank })),
          groups: (groups ?? []).map((group) => group.map((d) => order.findIndex((each) => each.d === d))),
          notes: [
            `Mean rank by ${title} (${matrix.aggregation}) over ${tasks}, 1 for the best; ranks depend on which detectors are compared.`,
            said,
            ...(skylines.length > 0 ? [`Not ranked, since they see anomaly labels: ${skylines.join(', ')}.`] : []),
          ],
        },
        width,
      ),
  };
}

/** Lines that can be told apart in one figure. */
const mostLines = 8;
/** Panels of one figure; more fill a page. */
const mostPanels = 24;

function checkPanels(count: number): void {
  if (count <= mostPanels) return;
  throw new CupbearerError('conflict', `There are too many curves to draw: ${count} panels, of at most ${mostPanels}.`);
}

const leftOutWords = (count: number, how: string) =>
  count > 0 ? [`Shown are the ${mostLines} best ${how}; ${count} more were left out.`] : [];

/** A panel a task, a curve a detector over a logarithmic FPR: what is above a few percent is not used. */
function rocFigure({ matrix, statistics, rocAt }: ExperimentResults): ExperimentFigure {
  const { detectors, tasks, cells } = matrix;
  const { higher } = matrixMetrics[matrix.metric];
  const hasFigure = (d: number) => cells[d]!.some(({ mean }) => mean !== null);
  /** Over the tasks that all have, if there are any. */
  const meanOf = (d: number) => {
    const known = cells[d]!.flatMap(({ mean }) => mean ?? []);
    return statistics.detectors[d]!.mean ?? known.reduce((sum, mean) => sum + mean, 0) / known.length;
  };
  const all = [...detectors.keys()].filter(hasFigure);
  const best = all.toSorted((a, b) => (higher ? meanOf(b) - meanOf(a) : meanOf(a) - meanOf(b))).slice(0, mostLines);
  const drawn = all.filter((d) => best.includes(d));
  const shown = [...tasks.keys()].filter((t) => drawn.some((d) => cells[d]![t]!.mean !== null));
  if (shown.length === 0) throw new CupbearerError('conflict', 'There are no ROC curves to draw: no cell is done.');
  checkPanels(shown.length);
  const curves = shown.map((t) => ({
    title: `${tasks[t]!.label}${tasks[t]!.notCounted === null ? '' : ' †'}`,
    lines: drawn.flatMap((d, series) => {
      const curve = rocAt(d, t);
      if (!curve) return [];
      const { fpr, tpr, clean } = curve;
      // A logarithm has no 0: what is reached without a false alarm stands where one clean sample would be.
      const points = fpr.map((x, i) => ({ x: Math.max(x, 1 / clean), y: tpr[i]!, lower: null, upper: null, isCounted: true })); // prettier-ignore
      return [{ name: detectors[d]!.label, series, points }];
    }),
  }));
  const lowest = Math.min(...curves.flatMap(({ lines }) => lines.map(({ points }) => points[0]!.x)));
  const decades = Array.from({ length: Math.ceil(-Math.log10(lowest)) }, (_, i) => 10 ** -i).reverse();
  const axis = { label: 'FPR', scale: 'log' as const, values: [lowest, ...decades.filter((value) => value > lowest)] };
  const failed = tasks.flatMap(({ label, notCounted }, t) =>
    notCounted === null || !shown.includes(t) ? [] : [`† ${label} is not counted. ${notCounted}`],
  );
  return {
    title: `${matrix.title}: ROC curves`,
    description: `TPR against FPR in ${counted(shown.length, 'panel')}, one for each task, ${seedsWords(matrix.seeds)}: ${drawn.map((d) => detectors[d]!.label).join(', ')}.`,
    layOut: (width) =>
      curveDrawing(
        {
          panels: curves.map((panel) => ({ ...panel, axis, isScattered: false, isDense: true })),
          low: 0,
          high: 1,
          names: drawn.map((d, series) => ({ name: detectors[d]!.label, series })),
          notes: [
            `TPR at each FPR (${matrix.aggregation}), ${seedsWords(matrix.seeds)}; the axis begins at the FPR of one clean sample.`,
            ...leftOutWords(all.length - drawn.length, `by ${matrixMetrics[matrix.metric].title}`),
            ...failed,
          ],
        },
        width,
      ),
  };
}

function curvesOf({ matrix, sweep }: ExperimentResults): ExperimentFigure {
  const { title } = matrixMetrics[matrix.metric];
  const found = sweep.axes.flatMap(({ path }) => {
    const { panels = [], ...axis } = sweepPanels({ matrix, sweep }, sweepAxisId(path)) ?? {};
    return panels.filter(({ lines }) => lines.length > 0).map((panel) => ({ ...panel, ...axis }));
  });
  const points = new Map<string, number[]>();
  for (const { name, points: own } of found.flatMap(({ lines }) => lines))
    points.set(name, [...(points.get(name) ?? []), ...own.map(({ y }) => y)]);
  if (points.size === 0)
    throw new CupbearerError('conflict', 'There are no curves to draw: nothing is swept, or no cell of it is done.');
  checkPanels(found.length);
  const meanOf = (name: string) => points.get(name)!.reduce((sum, y) => sum + y, 0) / points.get(name)!.length;
  const sign = matrixMetrics[matrix.metric].higher ? -1 : 1;
  const best = [...points.keys()].sort((a, b) => sign * (meanOf(a) - meanOf(b))).slice(0, mostLines);
  const names = [...points.keys()].filter((name) => best.includes(name)).map((name, series) => ({ name, series }));
  const panels = found.map(({ title: of, axis, isScattered, lines }): CurvePanel => ({
    title: of,
    axis: axis!,
    isScattered: isScattered!,
    lines: names.flatMap(({ name, series }) => {
      const line = lines.find((each) => each.name === name);
      return line ? [{ ...line, series }] : [];
    }),
  }));
  const shown = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const left = points.size - names.length;
  const isHollow = shown.some(({ isCounted }) => !isCounted);
  const labels = [...new Set(panels.map(({ axis }) => axis.label))].join(' and ');
  return {
    title: `${matrix.title}: ${title} against ${labels}`,
    description: `${title} against ${labels} in ${counted(panels.length, 'panel')}, ${seedsWords(matrix.seeds)}: ${names.map(({ name }) => `${name} ${formatMetric(meanOf(name))} on average`).join(', ')}.`,
    layOut: (width) =>
      curveDrawing(
        {
          panels,
          ...verticalRange(shown),
          names,
          notes: [
            `${title} (${matrix.aggregation}), ${seedsWords(matrix.seeds)}; bands and whiskers are 95\u00a0% intervals.`,
            ...(isHollow ? ['Hollow points are not counted: their attack failed.'] : []),
            ...leftOutWords(left, 'on average'),
          ],
        },
        width,
      ),
  };
}
