import { tickLabel } from '../../../shared/charts/ticks.ts';
import type { CurvePanels } from '../../../shared/charts/experiment-curves.ts';
import { describeMarks, marksChart, marksToTable, type Mark, type MarksChartData } from '../../../shared/charts/marks-chart.ts'; // prettier-ignore
import { describeSweep, sweepChart, sweepToTable, verticalRange } from '../../../shared/charts/sweep-chart.ts';
import { matrixMetrics, type MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { formatSeconds } from '../../../shared/format.ts';
import { slug } from '../../../shared/slug.ts';
import type { ShownChart } from '../../charts/shown-chart.ts';
import type { CurveChoice } from './curve-choice.svelte.ts';

/** The metric in words, and what explains it. */
interface Shown {
  metric: MatrixMetric;
  /** How layers became one score; stands on exports. */
  aggregation: string;
  choice: CurveChoice;
}

const paper = { width: 720, height: 380 };

/** One chart a panel, with the same axes. */
export function panelCharts(
  { axis, isScattered, panels }: CurvePanels,
  { metric, aggregation, choice }: Shown,
): ShownChart[] {
  const drawn = panels.map(({ title, lines }) => ({
    title,
    lines: lines.flatMap((line) => {
      const series = choice.seriesOf(line.name);
      return series === undefined ? [] : [{ ...line, series }];
    }),
  }));
  const range = verticalRange(drawn.flatMap(({ lines }) => lines.flatMap(({ points }) => points)));
  return drawn.map(({ title, lines }): ShownChart => {
    const data = { axis, isScattered, metric: matrixMetrics[metric].title, ...range, lines };
    return {
      name: slug(`${metric} against ${axis.label} ${title}`, 80),
      title,
      subtitle: `${matrixMetrics[metric].title}, ${aggregation}; 95 % intervals over seeds and samples`,
      height: 300,
      paper,
      config: (theme, heading) => sweepChart({ ...data, ...heading }, theme),
      describe: () => describeSweep(data),
      table: () => sweepToTable(data),
    };
  });
}

interface Course {
  name: string;
  marks: readonly Mark[];
}

/** Figures by the success of the attack. */
export function attackChart(courses: readonly Course[], shown: Shown): ShownChart {
  const all = courses.flatMap(({ marks }) => marks.map(({ x: success }) => success));
  const min = Math.max(0, Math.floor(Math.min(...all, 1) * 10 - 0.5) / 10);
  const unit = (share: number) => `${tickLabel(Number((100 * share).toPrecision(4)))}\u202f%`;
  const x = {
    label: `Attack success${min > 0 ? `, axis from ${unit(min)}` : ''}`,
    scale: 'linear' as const,
    min,
    max: 1,
    unit,
  };
  return marksShown(courses, shown, { title: 'Attack success and detection', x, bars: '95 % interval' });
}

/** Figures by the time of a run. */
export function timeChart(courses: readonly Course[], shown: Shown): ShownChart {
  const seconds = courses.map(({ name, marks }) => ({ name, marks: marks.map((mark) => ({ ...mark, x: mark.x / 1000 })) })); // prettier-ignore
  const all = seconds.flatMap(({ marks }) => marks.map(({ x }) => x));
  const x = {
    label: 'Time of a run',
    scale: 'log' as const,
    min: Math.min(...all) * 0.8,
    max: Math.max(...all) * 1.3,
    unit: (value: number) => formatSeconds(1000 * value),
  };
  return marksShown(seconds, shown, {
    title: 'Time and detection',
    x,
    bars: 'range from the lowest to the highest task',
  });
}

function marksShown(
  courses: readonly Course[],
  { metric, aggregation, choice }: Shown,
  { title, x, bars }: Pick<MarksChartData, 'x' | 'bars'> & { title: string },
): ShownChart {
  const series = courses.flatMap(({ name, marks }) => {
    const place = choice.seriesOf(name);
    return place === undefined || marks.length === 0 ? [] : [{ name, marks, series: place }];
  });
  const range = verticalRange(series.flatMap(({ marks }) => marks));
  const data = { x, bars, metric: matrixMetrics[metric].title, ...range, series };
  return {
    name: slug(`${metric} against ${x.label}`, 80),
    title,
    subtitle: `${matrixMetrics[metric].title}, ${aggregation}; bars are the ${bars}`,
    height: 420,
    paper: { width: 720, height: 460 },
    config: (theme, heading) => marksChart({ ...data, ...heading }, theme),
    describe: () => describeMarks(data),
    table: () => marksToTable(data),
  };
}
