import { unknownName, type Definition, type Registry } from '../../shared/definition.ts';
import type { ExperimentSpec } from '../../shared/domain/experiment.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatParameter } from '../../shared/format.ts';
import { asPicked } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { taskRegistry } from '../tasks/index.ts';
import { watchesClassifier } from '../tasks/outline.ts';
import { distinct } from '../runs/labels.ts';
import { withValueAt, type PartAxis, type SweepPoint } from './sweep.ts';

/** A part with the values of a point. */
export function applied(
  values: Readonly<Record<string, unknown>>,
  axes: readonly PartAxis[],
  point: SweepPoint,
): Record<string, unknown> {
  return axes.reduce<Record<string, unknown>>((part, { path, keys }) => withValueAt(part, keys, point[path]), {
    ...values,
  });
}

export function pointWords(point: SweepPoint): string[] {
  return Object.values(point).map((value) => asPicked(value)?.name ?? formatParameter(value));
}

export function classifierWords(params: Readonly<Record<string, unknown>>, index: number): string {
  const model = params['model'];
  return asPicked(model)?.name ?? (typeof model === 'string' ? model : `classifier ${index + 1}`);
}

export function withDistinctLabels<T extends { label: string }>(parts: readonly T[]): T[] {
  const labels = distinct(parts.map(({ label }) => label));
  return parts.map((part, i) => ({ ...part, label: labels[i]! }));
}

export function changesTask({ keys: [key = ''], only }: PartAxis, label: string, name: string): boolean {
  if (only !== undefined) return only === label;
  if (key === 'classifier') return watchesClassifier(name);
  return key === 'evaluation' || hasParameter(taskRegistry, name, key);
}

/** Whether an axis changes a detector. One that an earlier run has fitted is as it is. @throws CupbearerError `usage`. */
export function changesDetector(
  { keys: [key = ''], only, path }: PartAxis,
  label: string,
  detector: ExperimentSpec['detectors'][number],
): boolean {
  if ('name' in detector)
    return only === undefined ? hasParameter(detectorRegistry, detector.name, key) : only === label;
  if (only !== label) return false;
  throw new CupbearerError('usage', `The sweep's path "${path}" would change a detector that is fitted already.`);
}

function hasParameter(
  registry: { get(id: string): { params: { shape: object } } },
  name: string,
  key: string,
): boolean {
  return Object.hasOwn(registry.get(name).params.shape, key);
}

/**
 * The place of the task that every task takes its fitted detectors from; undefined for those that detectors are fitted on.
 * @throws CupbearerError `usage` for one that is not there, has none of its own, or would get a classifier of its own.
 */
export function fittingTasks(tasks: ExperimentSpec['tasks'], labels: readonly string[]): (number | undefined)[] {
  return tasks.map(({ fitted_on: label, classifier }, i) => {
    if (label === undefined) return undefined;
    const source = labels.indexOf(label);
    const refuse = (what: string) => new CupbearerError('usage', `tasks.${labels[i]}: ${what}`);
    if (source < 0) throw refuse(`fitted_on names none of the tasks: ${labels.join(', ')}.`);
    if (tasks[source]?.fitted_on !== undefined) {
      throw refuse(`no detectors are fitted on "${label}", which takes those of another task.`);
    }
    if (classifier) throw refuse(`its classifier is that of "${label}"; take "classifier" out.`);
    return source;
  });
}

/** @throws CupbearerError `usage` naming the nearest that is known. */
export function refuseUnknown(registry: Registry<Definition>, name: string): void {
  if (!registry.has(name)) throw new CupbearerError('usage', unknownName(registry.kind, name, registry.ids));
}

/** @throws CupbearerError `usage` for a swept parameter that nothing in the experiment has. */
export function checkAxes(ofTasks: readonly PartAxis[], ofDetectors: readonly PartAxis[], spec: ExperimentSpec): void {
  const unused =
    ofTasks.find((axis) => axis.only === undefined && !spec.tasks.some(({ name }) => changesTask(axis, '', name))) ??
    ofDetectors.find(
      (axis) => axis.only === undefined && !spec.detectors.some((detector) => changesDetector(axis, '', detector)),
    );
  if (!unused) return;
  throw new CupbearerError(
    'usage',
    `The sweep's path "${unused.path}" names a parameter that nothing in this experiment has: "${unused.keys[0]}".`,
  );
}
