import type { DraftClassifier, ExperimentDraft, TaskPart } from '../../shared/domain/draft.ts';
import { seedsOf, type ExperimentFile, type ExperimentSpec, type SweepAxis } from '../../shared/domain/experiment.ts';
import { withClassifiers, withTasks } from '../../shared/draft-parts.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { pickedSchema } from '../../shared/domain/form.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { command, worded } from '../../shared/wording.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { taskRegistry } from '../tasks/index.ts';
import { detectorLabels, taskLabels } from '../runs/drafts/part-labels.ts';
import { axesOf, gridValues, withValueAt } from './sweep.ts';

/**
 * Returns the draft that adds to an experiment: what it asks for, as the wizard holds it.
 * @throws CupbearerError `usage` for what only a file can ask for: prerequisites, a random search, a list of seeds, swept
 * definitions.
 */
export function draftOfExperiment({ id, spec }: Pick<ExperimentFile, 'id' | 'spec'>): ExperimentDraft {
  if (Object.keys(spec.prerequisites).length > 0) throw beyond('prerequisites');
  if (spec.random) throw beyond('a random search');
  const seeds = seedsOf(spec);
  if (seeds.some((seed, i) => seed !== i)) throw beyond('a list of seeds');
  const parts = partsOf(spec);
  const fitted = spec.detectors.flatMap((detector) => ('name' in detector ? [] : [detector]));
  const { tasks, classifiers, detectors, evaluation } = swept(spec, parts);
  const [classifier, task] = [classifiers[0]!, tasks[0]!];
  const draft: ExperimentDraft = {
    preset: '',
    classifier,
    task: task.task,
    detectors,
    ...(fitted.length === 0 ? {} : { fitted }),
    evaluation,
    engine: spec.engine,
    name: spec.name,
    tags: spec.tags,
    extends: id,
    ...(seeds.length > 1 ? { seeds: seeds.length } : {}),
  };
  return withTasks(withClassifiers(draft, classifiers, 0), tasks, 0);
}

interface Parts {
  tasks: TaskPart[];
  classifiers: DraftClassifier[];
  detectors: Picked[];
  evaluation: Record<string, unknown>;
}

function partsOf({ tasks, classifiers, training, detectors, evaluation }: ExperimentSpec): Parts {
  const { train_data: common, ...shared } = training;
  return {
    tasks: tasks.map(({ classifier = {}, ...task }): TaskPart => {
      const { train_data: data = common, ...own } = classifier;
      return {
        ...(data === undefined ? {} : { data }),
        ...(Object.keys(own).length === 0 ? {} : { training: own }),
        task: pickedSchema.parse(task),
      };
    }),
    classifiers: classifiers.map(({ label: _, run, ...params }): DraftClassifier => {
      if (run !== undefined) return { source: 'run', run };
      return { source: 'train', params: { ...shared, ...params } };
    }),
    detectors: detectors.flatMap((detector) => ('name' in detector ? [pickedSchema.parse(detector)] : [])),
    evaluation,
  };
}

/** The parts with the values of the sweep in their places. */
function swept({ sweep }: ExperimentSpec, parts: Parts): Parts {
  const labels = { tasks: taskLabels(parts.tasks), detectors: detectorLabels(parts.detectors) };
  const axes = axesOf(sweep, labels);
  let { tasks, classifiers, detectors, evaluation } = parts;
  for (const { path, keys, only, axis } of axes.detectors) {
    detectors = detectors.map((detector, i) =>
      (only === undefined ? hasParameter(detectorRegistry, detector.name, keys[0]) : only === labels.detectors[i])
        ? withSweep(detector, keys, valuesOf(path, axis))
        : detector,
    );
  }
  for (const { path, keys, only, axis } of axes.tasks) {
    const values = valuesOf(path, axis);
    const [part = '', ...below] = keys;
    if (part === 'evaluation') {
      if (only !== undefined) throw beyond('an evaluation of one task alone');
      evaluation = withSweep(evaluation, below, values);
    } else if (part === 'classifier' && only === undefined && below[0] !== 'train_data') {
      classifiers = classifiers.map((one) =>
        one.source === 'run' ? one : { ...one, params: withSweep(one.params, below, values) },
      );
    } else {
      tasks = tasks.map((task, i) =>
        only === undefined || only === labels.tasks[i] ? taskWithSweep(task, keys, values, only) : task,
      );
    }
  }
  return { tasks, classifiers, detectors, evaluation };
}

function taskWithSweep(part: TaskPart, keys: readonly string[], values: unknown[], only: string | undefined): TaskPart {
  const [first, second, ...rest] = keys;
  if (first !== 'classifier') {
    const isOwn = only !== undefined || hasParameter(taskRegistry, part.task.name, first);
    return isOwn ? { ...part, task: withSweep(part.task, keys, values) } : part;
  }
  if (second === 'train_data')
    return { ...part, data: withValueAt({ data: part.data }, ['data', ...rest], { sweep: values })['data'] };
  return { ...part, training: withSweep(part.training ?? {}, keys.slice(1), values) };
}

function withSweep<T extends Record<string, unknown>>(values: T, keys: readonly string[], sweep: unknown[]): T {
  return { ...values, ...withValueAt(values, keys, { sweep }) };
}

function hasParameter(
  registry: { has(id: string): boolean; get(id: string): { params: { shape: object } } },
  name: string,
  key = '',
): boolean {
  return registry.has(name) && Object.hasOwn(registry.get(name).params.shape, key);
}

/** The values of an axis. @throws CupbearerError `usage` where they are more than numbers and words. */
function valuesOf(path: string, axis: SweepAxis): unknown[] {
  const values = [...gridValues(path, axis)];
  if (values.every((value) => typeof value === 'number' || typeof value === 'string')) return values;
  throw beyond('a sweep over more than numbers and choices');
}

function beyond(what: string): CupbearerError {
  return new CupbearerError('usage', `This experiment has ${what}, which the wizard cannot show.`, {
    hint: worded`Change ${command('its file, and run that by `cupbearer experiment run FILE`', 'experiment.json in its folder, and run that file in a terminal')}.`,
  });
}
