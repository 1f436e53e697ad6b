import type { DraftClassifier, TaskPart } from '../../../shared/domain/draft.ts';
import { mostExperimentNameCharacters } from '../../../shared/domain/experiment.ts';
import { asSweep } from '../../../shared/sweep.ts';
import { formatParameter } from '../../../shared/format.ts';
import { asPicked, type Picked } from '../../../shared/schema/fields.ts';
import { distinct } from '../labels.ts';
import { taskTitle } from '../task-title.ts';

/** Values that a label names; the parts differ in more only where somebody means them to. */
const mostNamed = 3;

/** A part of a draft with what it would be called by itself. */
interface NamedPart {
  name: string;
  /** As somebody has called it. */
  label?: unknown;
  values: unknown;
}

/** Labels that tell parts from one another: those of one name by the values in which they differ, "knn 3" and "knn 5". */
function partLabels(parts: readonly NamedPart[]): string[] {
  const leaves = parts.map(({ values }) => new Map(leavesOf(values)));
  const labels = parts.map(({ name, label }, i) => {
    if (typeof label === 'string' && label.trim() !== '') return label.trim();
    const alike = leaves.filter((_, k) => parts[k]?.name === name);
    const keys = [...new Set(alike.flatMap((leaf) => [...leaf.keys()]))];
    const differing = keys.filter((key) => new Set(alike.map((leaf) => leaf.get(key))).size > 1).slice(0, mostNamed);
    return [name, ...differing.flatMap((key) => leaves[i]?.get(key) ?? [])].join(' ');
  });
  return distinct(labels.map((label) => label.slice(0, mostExperimentNameCharacters - 10)));
}

function* leavesOf(value: unknown, path = ''): Generator<[path: string, written: string]> {
  if (asSweep(value)) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== undefined) yield [path, formatParameter(value)];
    return;
  }
  // A definition that is named by its bare id is the same as one without parameters.
  for (const [key, part] of Object.entries(value)) yield* leavesOf(part, key === 'name' ? path : `${path}/${key}`);
}

/** What a draft's detectors are called in a matrix. */
export function detectorLabels(detectors: readonly Picked[]): string[] {
  return partLabels(detectors.map(({ label, ...values }) => ({ name: values.name, label, values })));
}

/** What a draft's tasks are called in a matrix. */
export function taskLabels(tasks: readonly TaskPart[]): string[] {
  return partLabels(
    tasks.map(({ task: { label, ...task }, data, training }) => ({
      name: taskTitle(task, data),
      label,
      values: { task, data, training },
    })),
  );
}

/** What a draft's classifiers are called in a matrix; `titles` are those of runs, by id. */
export function classifierLabels(
  classifiers: readonly DraftClassifier[],
  titles: Readonly<Record<string, string>>,
): string[] {
  return partLabels(
    classifiers.map((classifier) => {
      if (classifier.source === 'run') return { name: titles[classifier.run] ?? classifier.run, values: {} };
      const { model } = classifier.params;
      const name = typeof model === 'string' ? model : (asPicked(model)?.name ?? 'classifier');
      return { name, values: classifier.params };
    }),
  );
}
