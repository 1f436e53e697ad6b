import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import type { ExperimentDefinition } from '../experiments/experiment.ts';

type Values = Record<string, unknown>;

/**
 * What people call the parameter at `path` of a spec, from the outside in: `['detector', 'rcond']` is "Detector", "Cutoff"; the
 * `name` of what was picked goes by the label of what it was picked for. undefined where the spec has no such parameter.
 */
export function parameterLabels(
  experiment: ExperimentDefinition,
  spec: Values,
  path: readonly string[],
): string[] | undefined {
  return labelsBelow(describe(experiment.params), spec, path);
}

function labelsBelow(
  fields: readonly Field[],
  values: Values,
  [key, ...rest]: readonly string[],
): string[] | undefined {
  const field = fields.find((candidate) => candidate.key === key);
  if (!field) return undefined;
  if (rest.length === 0) return [field.label];
  const value = values[field.key] as Values | undefined;
  if (value === undefined) return undefined;
  if (field.type === 'group') return below(field.label, labelsBelow(field.fields!, value, rest));
  if (field.type === 'pick') return below(field.label, labelsOfPick(field, value, rest));
  if (field.type !== 'pick-record') return undefined;
  const [name, ...inner] = rest;
  const picked = value[name!] as Values | undefined;
  return picked && below(`${field.label} ${name}`, labelsOfPick(field, picked, inner));
}

function labelsOfPick(field: Field, value: Values, path: readonly string[]): string[] | undefined {
  if (path.length === 1 && path[0] === 'name') return [];
  const id = value['name'];
  return typeof id === 'string' && field.registry!.has(id)
    ? labelsBelow(fieldsOfPick(field, id), value, path)
    : undefined;
}

/** "Task", "Task seed" is "Task seed" already. */
const below = (label: string, labels: string[] | undefined) =>
  labels && (labels[0]?.startsWith(label) ? labels : [label, ...labels]);
