import { parameterLabels } from '../../runs/spec-lines.ts';
import { trainDetector } from '../../runs/train-detector.ts';

/** What the runs were asked for and not all alike: one value a run, undefined if it has no such parameter. */
export interface SpecDifference {
  /** "detector.relative". */
  key: string;
  /** What people call it, from the outside in: "Detector", "Relative". */
  labels: string[];
  values: unknown[];
}

/** Parameters by their path, "task.backdoor.name". */
function flatten(value: unknown, path: string, into: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    into.set(path, value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
}

/** Returns the parameters that are not the same in all runs. */
export function specDifferences(asked: readonly Record<string, unknown>[]): SpecDifference[] {
  const flat = asked.map((spec) => {
    const parameters = new Map<string, unknown>();
    flatten(spec, '', parameters);
    return parameters;
  });
  const keys = [...new Set(flat.flatMap((parameters) => [...parameters.keys()]))];
  return keys
    .map((key) => ({ key, values: flat.map((parameters) => parameters.get(key)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1)
    .map(({ key, values }) => ({ key, labels: labelsOf(key, asked), values }));
}

/** By the first run that has the parameter; what no definition knows (any more) goes by its key. */
function labelsOf(key: string, asked: readonly Record<string, unknown>[]): string[] {
  const path = key.split('.');
  for (const spec of asked) {
    const labels = parameterLabels(trainDetector, spec, path);
    if (labels) return [...labels];
  }
  return path;
}
