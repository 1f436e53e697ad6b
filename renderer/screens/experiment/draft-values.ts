import { draftSchema, type ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';

/** A copy of `root` with another value at a path; undefined takes the key away. Lists along the path stay lists. */
export function withValue(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(root)) {
    const index = Number(key);
    return root.map((item: unknown, i) => (i === index ? withValue(item, rest, value) : item));
  }
  // A definition may stand there as its bare id.
  const record = typeof root === 'string' ? { name: root } : ((root ?? {}) as Record<string, unknown>);
  const next = withValue(record[key], rest, value);
  if (next !== undefined) return { ...record, [key]: next };
  const { [key]: _, ...others } = record;
  return others;
}

/**
 * The draft in a file: one that the wizard wrote, or a run's `spec.json`, whose classifier is looked for among the runs.
 * @throws Error with a sentence where it is neither.
 */
export function draftFromText(text: string, runs: Iterable<RunSummary>): ExperimentDraft {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error('The file is not JSON.');
  }
  const draft = draftSchema.safeParse(content);
  if (draft.success) return draft.data;
  const { kind, spec } = (content ?? {}) as { kind?: unknown; spec?: Record<string, unknown> };
  if (typeof spec !== 'object' || spec === null || (kind !== 'classifier' && kind !== 'detector'))
    throw new Error('The file is neither a draft nor the spec.json of a classifier or detector.');
  const common = { preset: '', engine: 'auto', tags: [] };
  if (kind === 'classifier') {
    const classifier = { source: 'train' as const, params: spec };
    return { ...common, classifier, task: { name: 'backdoor' }, detectors: [{ name: 'mahalanobis' }], evaluation: {} };
  }
  const { detector, task, ...evaluation } = spec as { detector: { name: string }; task: { name: string } };
  const { run_path, ...own } = task as { name: string; run_path?: unknown };
  const classifier = [...runs].find(({ folder }) => folder === run_path);
  return {
    ...common,
    classifier: { source: 'run', run: classifier?.id ?? '' },
    task: own,
    detectors: [detector],
    evaluation,
  };
}
