import type { RunSummary } from '../domain/live.ts';
import { isSpecPath, type SpecValue } from '../domain/spec-field.ts';
import { runKinds, runStatuses } from '../domain/run.ts';
import type { RunStatus } from '../domain/run.ts';

/** What a field of a query can be asked for, with what it is called in help and messages. */
export type QueryField = { help: string } & (
  | { type: 'text'; of: (run: RunSummary) => string | readonly string[] }
  /** `also`: other words for a choice. */
  | {
      type: 'choice';
      options: readonly string[];
      also?: Record<string, string>;
      of: (run: RunSummary) => readonly string[];
    }
  /** `isShare`: a number of 0 to 1. */
  | { type: 'number'; isShare?: boolean; of: (run: RunSummary) => number | null | undefined }
  /** A parameter or a figure of any kind, as it is found. */
  | { type: 'any'; of: (run: RunSummary) => SpecValue | undefined }
  | { type: 'duration' | 'age'; of: (run: RunSummary, now: number) => number | null | undefined }
);

/** All figures that lists show are shares of something. */
const metric = (key: string, help: string): QueryField => ({
  type: 'number',
  isShare: true,
  help,
  of: (run) => run.metrics[key],
});

const statusWords: Record<string, RunStatus> = { waiting: 'queued', stopped: 'cancelled', finished: 'done' };

/** The fields of a query by name. A text matches if it contains the value, ignoring case. */
export const queryFields: Readonly<Record<string, QueryField>> = {
  detector: { type: 'text', help: 'Detector and its parameters', of: (run) => join(run.detector, run.detectorDetail) },
  task: { type: 'text', help: 'Task and its parameters', of: (run) => join(run.task, run.taskDetail) },
  data: { type: 'text', help: 'Dataset', of: (run) => [run.dataset, run.ownDataset] },
  model: { type: 'text', help: 'Architecture of the model', of: (run) => run.model },
  tag: { type: 'text', help: 'One of the tags', of: (run) => run.tags },
  notes: { type: 'text', help: 'Words of the notes', of: (run) => run.notes },
  title: { type: 'text', help: 'Title', of: (run) => run.title },
  id: { type: 'text', help: 'Id of the run', of: (run) => run.id },
  engine: { type: 'text', help: 'One of the compute engines', of: (run) => run.engines },
  status: {
    type: 'choice',
    help: 'done, failed, cancelled, interrupted, running, queued',
    options: runStatuses,
    also: statusWords,
    of: (run) => [run.status],
  },
  kind: { type: 'choice', help: 'classifier, detector, evaluation', options: runKinds, of: (run) => [run.kind] },
  is: {
    type: 'choice',
    help: 'pinned, archived, damaged: not read in full',
    options: ['pinned', 'archived', 'damaged'],
    of: (run) => [run.pinned ? 'pinned' : '', run.archived ? 'archived' : '', run.fault === null ? '' : 'damaged'],
  },
  auroc: metric('auroc', 'AUROC, 0 to 1'),
  succeeded: metric('auroc_successful', 'AUROC on the attacks that succeeded, 0 to 1'),
  others: metric('auroc_other_classes', 'AUROC without samples of the target class, 0 to 1'),
  ap: metric('ap', 'Average precision, 0 to 1'),
  tpr: metric('tpr_at_fpr_1', 'TPR at FPR 1 %, 0 to 1 or in %'),
  accuracy: metric('clean_accuracy', 'Clean accuracy of a classifier, 0 to 1 or in %'),
  success: metric('attack_success', 'Attack success of a classifier, 0 to 1 or in %'),
  poison: metric(
    'poison_share',
    'Share of anomalous samples in the target class of the untrusted data, 0 to 1 or in %',
  ),
  seed: { type: 'number', help: 'Seed', of: (run) => run.seed },
  modelseed: { type: 'number', help: 'Seed of the model', of: (run) => run.modelSeed },
  experiment: { type: 'text', help: 'Id of an experiment whose cells it fills', of: (run) => run.experiments },
  duration: { type: 'duration', help: 'How long it took: 90s, 2min, 1h', of: (run) => run.durationMs },
  age: {
    type: 'age',
    help: 'How long ago it was made: 30min, 2h, 7d',
    of: (run, now) => now - Date.parse(run.createdAt),
  },
};

/** Before the name of a figure as runs have it: `metrics.train_loss`. */
export const metricPrefix = 'metrics.';

/** Returns the field of a query by its name; `parameter` returns the value of a parameter of a run by its path. */
export function fieldCalled(
  name: string,
  parameter: ((run: RunSummary, path: string) => SpecValue | undefined) | undefined,
): QueryField | undefined {
  const known = name.toLowerCase();
  if (Object.hasOwn(queryFields, known)) return queryFields[known];
  if (name.startsWith(metricPrefix)) {
    const key = name.slice(metricPrefix.length);
    return { type: 'any', help: 'A figure of the run', of: (run) => run.metrics[key] };
  }
  if (!parameter || !name.includes('.') || !isSpecPath(name)) return undefined;
  return { type: 'any', help: 'A parameter of the run', of: (run) => parameter(run, name) };
}

function join(name: string, detail: string): string {
  return detail === '' ? name : `${name} ${detail}`;
}
