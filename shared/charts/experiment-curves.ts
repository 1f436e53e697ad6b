import type { SweepChartAxis, SweepLine, SweepPoint } from './sweep-chart.ts';
import type { Mark } from './marks-chart.ts';
import type { ExperimentView, FiguresByLayer } from '../domain/experiment-view.ts';
import { tickLabel } from './ticks.ts';

/** What figures of an experiment can be drawn against. */
interface CurveAxis {
  /** `sweep:PATH` for what is swept. */
  id: string;
  label: string;
}

type Subject = Pick<ExperimentView, 'matrix' | 'strip' | 'rows' | 'sweep' | 'layers'>;

/** The id of a swept parameter among what there is to draw against. */
export const sweepAxisId = (path: string) => `sweep:${path}`;
export const layerAxis = 'layer';
export const attackAxis = 'attack';
export const timeAxis = 'time';

/** Returns what there is to draw against, what is swept first. */
export function curveAxes({ matrix, strip, sweep, layers }: Subject): CurveAxis[] {
  const hasTimes = matrix.cells.some((row) => row.some(({ seeds }) => seeds.some(({ ms }) => ms !== null)));
  return [
    ...sweep.axes.map(({ path, label }) => ({ id: sweepAxisId(path), label })),
    ...(layers.single.length > 1 ? [{ id: layerAxis, label: 'Layer' }] : []),
    ...(strip.some(({ attackSuccess }) => attackSuccess !== null) ? [{ id: attackAxis, label: 'Attack success' }] : []),
    ...(hasTimes ? [{ id: timeAxis, label: 'Time of a run' }] : []),
  ];
}

/** A line without its colour: that is given to those which are drawn. */
type Course = Omit<SweepLine, 'series'>;

/** Panels beside one another with the same axes. */
export interface CurvePanels {
  axis: SweepChartAxis;
  isScattered: boolean;
  panels: { title: string; lines: Course[] }[];
}

type Place = ExperimentView['sweep']['rows'][number];

/** A line to be, with the row and column of each of its points. */
type Slot = { x: number | string; row: number; column: number };

/**
 * Returns the matrix drawn against a swept parameter: a panel a task, and a value of what else is swept; a line a detector. Undefined
 * where it is not swept.
 */
export function sweepPanels({ matrix, sweep }: Pick<Subject, 'matrix' | 'sweep'>, id: string): CurvePanels | undefined {
  const swept = sweep.axes.find(({ path }) => sweepAxisId(path) === id);
  if (!swept) return undefined;
  const { path } = swept;
  const isOfTasks = sweep.columns.some(({ point }) => Object.hasOwn(point, path));
  const along = isOfTasks ? sweep.columns : sweep.rows;
  const values = orderedValues(along.flatMap(({ point }) => (Object.hasOwn(point, path) ? [point[path]!] : [])));
  // Where each combination of the other parameters was drawn once, none of them is held while this one changes.
  const others = along.filter(({ point }) => Object.hasOwn(point, path)).map((place) => nameBeside(place, path));
  const isScattered = sweep.axes.length > 1 && new Set(others).size === others.length && others.length > 1;
  const titleOf = (place: Place) => (isScattered ? place.base : nameBeside(place, path));
  const pointAt = ({ x, row, column }: Slot): SweepPoint[] => {
    const { mean, lower, upper } = matrix.cells[row]![column]!;
    return mean === null ? [] : [{ x, y: mean, lower, upper, isCounted: matrix.tasks[column]!.notCounted === null }];
  };
  const lineOf = (name: string, slots: readonly Slot[]): Course => ({
    name,
    points: [...slots].sort((a, b) => values.indexOf(a.x) - values.indexOf(b.x)).flatMap(pointAt),
  });
  const panels = new Map<string, Map<string, Slot[]>>();
  const add = (panel: string, line: string, slot: Slot) => {
    const lines = panels.get(panel) ?? new Map<string, Slot[]>();
    panels.set(panel, lines.set(line, [...(lines.get(line) ?? []), slot]));
  };
  for (const [column, task] of matrix.tasks.entries())
    for (const [row, detector] of matrix.detectors.entries()) {
      const [place, panel, line] = isOfTasks
        ? [sweep.columns[column]!, titleOf(sweep.columns[column]!), detector.label]
        : [sweep.rows[row]!, task.label, titleOf(sweep.rows[row]!)];
      if (Object.hasOwn(place.point, path)) add(panel, line, { x: place.point[path]!, row, column });
      // A detector without the parameter is the same wherever that stands.
      else if (!isOfTasks) for (const x of values) add(panel, line, { x, row, column });
    }
  return {
    axis: { label: swept.label, scale: swept.scale, values },
    isScattered,
    panels: [...panels].map(([title, lines]) => ({
      title,
      lines: [...lines].map(([name, slots]) => lineOf(name, slots)).filter(({ points }) => points.length > 0),
    })),
  };
}

function orderedValues(values: readonly (number | string)[]): (number | string)[] {
  const distinct = [...new Set(values)];
  return distinct.every((value) => typeof value === 'number') ? distinct.sort((a, b) => a - b) : distinct;
}

/** The label of a place with the values of all that is swept but one parameter. */
function nameBeside({ base, point }: Place, path: string): string {
  const rest = Object.entries(point).filter(([other]) => other !== path);
  return [base, ...rest.map(([, value]) => (typeof value === 'number' ? tickLabel(value) : value))].join(' ');
}

/** Returns the figures of each layer: a panel a task, a line a detector. */
export function layerPanels({ matrix }: Subject, { layers, cells }: FiguresByLayer): CurvePanels {
  const values = layers.map(({ name }) => name);
  return {
    axis: { label: 'Layer', scale: 'steps', values },
    isScattered: false,
    panels: matrix.tasks.map(({ label, notCounted }, column) => ({
      title: label,
      lines: matrix.detectors.flatMap(({ label: name }, row): Course[] => {
        const figures = cells[row]?.[column] ?? [];
        const points = figures.flatMap(
          (figure, i): SweepPoint[] =>
          figure ? [{ x: values[i]!, y: figure.mean, lower: figure.lower, upper: figure.upper, isCounted: notCounted === null }] : [], // prettier-ignore
        );
        return points.length > 0 ? [{ name, points }] : [];
      }),
    })),
  };
}

/** A detector with its marks. */
interface MarkCourse {
  name: string;
  marks: Mark[];
}

/** Returns each detector's figures against the success of the attack that it is to find, those of failed ones among them. */
export function attackMarks({ matrix, strip }: Subject): MarkCourse[] {
  return matrix.detectors.map(({ label: name }, row) => ({
    name,
    marks: matrix.tasks.flatMap(({ label: of }, column): Mark[] => {
      const { mean, lower, upper } = matrix.cells[row]![column]!;
      const x = strip[column]?.attackSuccess ?? null;
      return mean === null || x === null ? [] : [{ of, x, y: mean, lower, upper }];
    }),
  }));
}

/**
 * Returns each detector's mean over the tasks that count against the mean time of its runs in milliseconds; bars reach from its lowest
 * task to its highest.
 */
export function timeMarks({ matrix, rows }: Subject, counted: readonly string[]): MarkCourse[] {
  return matrix.detectors.map(({ label: name }, row) => {
    const times = matrix.cells[row]!.flatMap(({ seeds }) => seeds.flatMap(({ ms }) => (ms === null ? [] : [ms])));
    const y = rows[row]?.mean ?? null;
    const figures = matrix.cells[row]!.flatMap(({ mean }, column) =>
      mean !== null && counted.includes(matrix.tasks[column]!.label) ? [mean] : [],
    );
    if (times.length === 0 || y === null) return { name, marks: [] };
    const x = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    const of = counted.length === 1 ? counted[0]! : `${counted.length} tasks`;
    return { name, marks: [{ of, x, y, lower: Math.min(...figures), upper: Math.max(...figures) }] };
  });
}
