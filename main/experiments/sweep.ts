import type { ExperimentSpec, SweepAxis, SweepRange } from '../../shared/domain/experiment.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import { RandomStream } from '../tensor/random.ts';

/** Values of swept parameters, by their paths. */
export type SweepPoint = Readonly<Record<string, unknown>>;

/** A part of an experiment that swept parameters belong to: a task with its classifier and evaluation, or a detector. */
type SweptPart = 'tasks' | 'detectors';

/** An axis of the sweep that changes a part. */
export interface PartAxis {
  /** As the spec has it. */
  path: string;
  /** Keys below the part: `['classifier', 'num_epochs']`; an evaluation's begin with `evaluation`. */
  keys: readonly string[];
  /** The label of the only part that it changes; undefined where it changes all. */
  only?: string;
  axis: SweepAxis;
}

const keyPattern = /^\w[\w-]*$/;

/**
 * The axes of a sweep by the part that they change. `labels` are those of the parts as they are before the sweep.
 * @throws CupbearerError `usage` for a path that leads nowhere.
 */
export function axesOf(
  sweep: ExperimentSpec['sweep'],
  labels: Readonly<Record<SweptPart, readonly string[]>>,
): Record<SweptPart, PartAxis[]> {
  const axes: Record<SweptPart, PartAxis[]> = { tasks: [], detectors: [] };
  for (const [path, axis] of Object.entries(sweep)) {
    const { part, ...found } = placeOf(path, labels);
    axes[part].push({ path, axis, ...found });
  }
  return axes;
}

function placeOf(
  path: string,
  labels: Readonly<Record<SweptPart, readonly string[]>>,
): { part: SweptPart; keys: string[]; only?: string } {
  const [head = '', ...rest] = path.split('.');
  if (head === 'task') return { part: 'tasks', keys: keysOf(path, rest) };
  if (head === 'detector') return { part: 'detectors', keys: keysOf(path, rest) };
  if (head === 'evaluation') return { part: 'tasks', keys: ['evaluation', ...keysOf(path, rest)] };
  if (head === 'tasks' || head === 'detectors') {
    const below = path.slice(head.length + 1);
    // A label may have dots in it, and be the beginning of another one.
    const only = labels[head].filter((label) => below.startsWith(`${label}.`)).sort((a, b) => b.length - a.length)[0];
    if (only !== undefined) return { part: head, only, keys: keysOf(path, below.slice(only.length + 1).split('.')) };
    throw new CupbearerError(
      'usage',
      `The sweep's path "${path}" names none of the ${head}: ${labels[head].join(', ')}.`,
    );
  }
  throw new CupbearerError('usage', `The sweep's path "${path}" begins with no part of an experiment.`, {
    hint: 'Begin it with task, detector or evaluation, or with tasks.LABEL or detectors.LABEL for one of them.',
  });
}

function keysOf(path: string, keys: readonly string[]): string[] {
  if (keys.length > 0 && keys.every((key) => keyPattern.test(key))) return [...keys];
  throw new CupbearerError('usage', `The sweep's path "${path}" names no parameter.`);
}

/** How many points axes have together, without making them. */
export function pointCount(axes: readonly PartAxis[], random: ExperimentSpec['random']): number {
  if (axes.length === 0) return 1;
  return random ? random.budget : axes.reduce((product, { axis }) => product * sizeOf(axis), 1);
}

function sizeOf(axis: SweepAxis): number {
  return Array.isArray(axis) ? axis.length : (axis.steps ?? 1);
}

/**
 * The points of axes: the whole grid, the last axis changing first, or as many as are asked for drawn at random, the same
 * for the same seed. @throws CupbearerError `usage` for a range without steps in a grid.
 */
export function sweepPoints(axes: readonly PartAxis[], random: ExperimentSpec['random']): SweepPoint[] {
  if (axes.length === 0) return [{}];
  if (random) {
    const streams = axes.map(({ path }) => RandomStream.from(random.seed, 'sweep', path));
    return Array.from({ length: random.budget }, () =>
      Object.fromEntries(axes.map(({ path, axis }, i) => [path, drawn(axis, streams[i]!.uniform())])),
    );
  }
  return axes.reduce<SweepPoint[]>(
    (points, { path, axis }) => {
      const values = gridValues(path, axis);
      return points.flatMap((point) => values.map((value) => ({ ...point, [path]: value })));
    },
    [{}],
  );
}

/** The value of an axis at a share of the way from its one end to the other, 0 to below 1. */
function drawn(axis: SweepAxis, share: number): unknown {
  return Array.isArray(axis) ? axis[Math.floor(share * axis.length)] : valueAt(axis, share);
}

/** The values of an axis in a grid. @throws CupbearerError `usage` for a range without steps. */
export function gridValues(path: string, axis: SweepAxis): readonly unknown[] {
  if (Array.isArray(axis)) return axis;
  const { steps } = axis;
  if (steps === undefined) {
    throw new CupbearerError('usage', `The sweep over "${path}" is a range without steps.`, {
      hint: 'Give it steps, or draw points at random by "random".',
    });
  }
  return [...new Set(Array.from({ length: steps }, (_, i) => valueAt(axis, i / (steps - 1))))];
}

function valueAt({ from, to, scale, whole }: SweepRange, share: number): number {
  // The ends are exact: a logarithm and back need not be.
  const value =
    share === 0 ? from : share === 1 ? to : scale === 'log' ? from * (to / from) ** share : from + (to - from) * share;
  return whole ? Math.round(value) : Number(value.toPrecision(12));
}

/**
 * A copy of `values` with another value at a path of keys. A definition that is named by its bare id on the way gets
 * parameters.
 */
export function withValueAt(
  values: Readonly<Record<string, unknown>>,
  [key, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (key === undefined) return values;
  if (rest.length === 0) return { ...values, [key]: value };
  const inner = Object.hasOwn(values, key) ? values[key] : undefined;
  const outer =
    typeof inner === 'string'
      ? { name: inner }
      : typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? (inner as Record<string, unknown>)
        : {};
  return { ...values, [key]: withValueAt(outer, rest, value) };
}

/** Refuses more cells than anybody means. @throws CupbearerError `usage`. */
export function checkCellCount(cells: number, most: number): void {
  if (cells <= most) return;
  throw new CupbearerError(
    'usage',
    `This experiment has ${formatCount(cells)} cells; without being asked for, ${formatCount(most)} at most are planned.`,
    { details: { cells, most } },
  );
}
