import type { SweepAxis } from '../../shared/domain/experiment.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import type { SweptAxis } from '../../shared/domain/swept-axis.ts';
import { describe } from '../../shared/schema/describe.ts';
import { walk } from '../../shared/schema/walk.ts';
import { runDefinitionOf } from '../runs/index.ts';
import type { PartAxis } from './sweep.ts';

/** What is looked for parameters in. */
interface SweptRun {
  kind: RunKind;
  params: Readonly<Record<string, unknown>>;
}

/** Lists of numbers that span more than this many times their smallest have room for all of them on a log scale only. */
const widestLinear = 20;

/** Returns what is swept as charts draw it: by the label of the parameter, which one of the runs has. */
export function sweptAxes(axes: readonly PartAxis[], runs: Iterable<SweptRun>): SweptAxis[] {
  const all = axes.length === 0 ? [] : [...runs];
  return axes.map((axis) => ({ path: axis.path, label: labelOf(axis, all), scale: scaleOf(axis.axis) }));
}

function scaleOf(axis: SweepAxis): SweptAxis['scale'] {
  if (!Array.isArray(axis)) return axis.scale;
  const numbers = axis.filter((value) => typeof value === 'number');
  if (numbers.length < axis.length) return 'choice';
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least > 0 && most / least > widestLinear ? 'log' : 'linear';
}

function labelOf({ path, keys }: PartAxis, runs: readonly SweptRun[]): string {
  const [head = '', ...rest] = keys;
  const kind = /^tasks?\./.test(path) && head === 'classifier' ? 'classifier' : 'detector';
  const place = /^detectors?\./.test(path) ? ['detector', ...keys] : head === 'classifier' || head === 'evaluation' ? rest : ['task', ...keys]; // prettier-ignore
  const wanted = place.join('.');
  const fields = describe(runDefinitionOf(kind).params);
  for (const run of runs) {
    if (run.kind !== kind) continue;
    for (const { field, path: at } of walk(fields, run.params)) if (at.join('.') === wanted) return field.label;
  }
  return keys.at(-1) ?? path;
}
