import { shortLayerNames } from '../../../shared/charts/layer-names.ts';
import type { Definition, Registry } from '../../../shared/definition.ts';
import { formatParameter } from '../../../shared/format.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { asPicked, type Picked } from '../../../shared/schema/fields.ts';
import { proposedTask } from '../../../shared/training-data.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import type { StoredSpec } from '../../runs/stored-spec.ts';
import { architectureRegistry } from '../../models/architectures/index.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { triggerOfTask } from '../../tasks/trigger-of-task.ts';

/** What a run is about, in the few words that lists have room for. */
interface RunWords {
  /** Id of the task; that of the one that is proposed for a classifier with a trigger, "" for any other classifier. */
  task: string;
  /** "corner, mnist" */
  taskDetail: string;
  dataset: string;
  /** Id of the detector, "" for a classifier. */
  detector: string;
  /** What differs from its defaults: "relative, shrinkage 0.1". */
  detectorDetail: string;
  /** "mlp 128-128" */
  model: string;
}

type ClassifierSpec = Extract<StoredSpec, { kind: 'classifier' }>['sound'];

/**
 * Words for a run by its spec and those of the runs that it builds on: of its classifier, and for an evaluation of its
 * detector; undefined where they are not known. What of a spec is not valid leaves its words out.
 */
export function runWords(
  spec: StoredSpec,
  classifier: StoredSpec | undefined,
  detector: StoredSpec | undefined,
): RunWords {
  if (spec.kind === 'classifier') return { ...classifierWords(spec.sound), detector: '', detectorDetail: '' };
  const trained = classifier?.kind === 'classifier' ? classifier.sound : undefined;
  const found = trained && classifierWords(trained);
  const { task } = spec.sound;
  const fitted = spec.kind === 'evaluation' ? detector : spec;
  const method = fitted?.kind === 'detector' ? fitted.sound.detector : undefined;
  const dataset = asPicked(task?.['data'])?.name ?? datasetOfTask(task) ?? found?.dataset ?? '';
  return {
    task: task?.name ?? '',
    taskDetail: task ? taskDetail(task, dataset, trained) : '',
    dataset,
    detector: method?.name ?? '',
    detectorDetail: method ? detectorDetail(method) : '',
    model: found?.model ?? '',
  };
}

const fieldsById = new Map<string, Field[]>();

/** A definition's fields, read off its schema once: a list names the same ones thousands of times. */
function fieldsOf(registry: Registry<Definition>, id: string): Field[] {
  const key = `${registry.kind} ${id}`;
  const known = fieldsById.get(key) ?? describe(registry.get(id).params);
  fieldsById.set(key, known);
  return known;
}

function classifierWords({
  train_data: data,
  model,
}: ClassifierSpec): Pick<RunWords, 'task' | 'taskDetail' | 'dataset' | 'model'> {
  const parts = data && trainingData(data);
  const trigger = parts?.trigger;
  const dataset = parts?.original.name ?? '';
  return {
    task: parts && trigger ? proposedTask(taskRegistry.definitions, parts).id : '',
    taskDetail: trigger ? `${trigger.name}, ${dataset}` : dataset,
    dataset,
    model: modelText(model),
  };
}

/** The name with the sizes of its layers, then what else differs from its defaults. */
function modelText(model: Picked | undefined): string {
  if (!model) return '';
  const fields = fieldsOf(architectureRegistry, model.name);
  const sizes = fields.filter(({ type }) => type === 'integers').map(({ key }) => listed(model[key]));
  const rest = fields.filter(({ type }) => type !== 'integers').flatMap((field) => difference(field, model[field.key]));
  return [`${model.name} ${sizes.join(' / ')}`.trim(), ...rest].join(', ');
}

/** A dataset that the task itself names. */
function datasetOfTask(task: Picked | undefined): string | undefined {
  return asPicked(task?.['clean_test_data'])?.name ?? (task && !('run_path' in task) ? task.name : undefined);
}

function taskDetail(task: Picked, dataset: string, classifier: ClassifierSpec | undefined): string {
  const trained = classifier?.train_data && trainingData(classifier.train_data).trigger;
  const { hasTrigger, asked } = triggerOfTask(task);
  const trigger = asked ?? trained;
  const change = asPicked(task['change']);
  if (hasTrigger || change)
    return [trigger?.name, change && `against ${change.name}`, dataset].filter(Boolean).join(', ');
  const { name, ...params } = task;
  const words = taskRegistry.get(name).describe(params);
  return words.includes(dataset) || dataset === name ? words : `${words}, ${dataset}`;
}

function detectorDetail({ name, ...params }: Picked): string {
  return fieldsOf(detectorRegistry, name)
    .flatMap((field) => difference(field, params[field.key]))
    .join(', ');
}

function difference(field: Field, value: unknown): string[] {
  if (value === undefined || value === null || JSON.stringify(value) === JSON.stringify(field.default)) return [];
  const name = field.key.replaceAll('_', ' ');
  if (field.key === 'layers' && Array.isArray(value))
    return [value.length > 2 ? `${value.length} layers` : shortLayerNames(value.map(String)).join(' + ')];
  if (field.type === 'flag') return [value === true ? name : `no ${name}`];
  if (field.type === 'pick') return [`${name} ${asPicked(value)?.name ?? ''}`];
  return [`${name} ${Array.isArray(value) ? listed(value) : formatParameter(value)}`];
}

const listed = (values: unknown) => (Array.isArray(values) ? values.join('-') : '');
