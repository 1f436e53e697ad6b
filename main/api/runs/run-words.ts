import { shortLayerNames } from '../../../shared/charts/layer-names.ts';
import type { Definition, Registry } from '../../../shared/definition.ts';
import type { RunSummary, TriggerWords } from '../../../shared/domain/live.ts';
import { formatParameter, inSentence, numbered } from '../../../shared/format.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { asPicked, type Picked } from '../../../shared/schema/fields.ts';
import { proposedTask } from '../../../shared/training-data.ts';
import { dataWord, ownName } from '../../data/datasets/dataset-title.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import { poisonFields } from '../../data/triggers/trigger.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { runDefinitionOf } from '../../runs/index.ts';
import { changed, changedLines } from '../../runs/spec-lines.ts';
import type { StoredSpec } from '../../runs/stored-spec.ts';
import { knownArchitectures } from '../../models/architectures/index.ts';
import { trainingOnly } from '../../tasks/classifier-trigger.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { watchesClassifier } from '../../tasks/outline.ts';
import { triggerOfTask } from '../../tasks/trigger-of-task.ts';

/** What a run is about, in the few words that fit into lists. */
type RunWords = Pick<
  RunSummary,
  'task' | 'taskDetail' | 'subject' | 'dataset' | 'ownDataset' | 'detector' | 'detectorDetail' | 'model' | 'details'
>;

type ClassifierSpec = Extract<StoredSpec, { kind: 'classifier' }>['sound'];

/**
 * Returns words for a run, from its spec and those of the runs that it builds on: its classifier's and, for an
 * evaluation, its detector's, which are undefined if not known. Invalid parts of a spec are left out.
 */
export function runWords(
  spec: StoredSpec,
  classifier: StoredSpec | undefined,
  detector: StoredSpec | undefined,
): RunWords {
  const details = changedLines(runDefinitionOf(spec.kind), spec.sound, wordedKeys);
  if (spec.kind === 'classifier') return { ...classifierWords(spec.sound), detector: '', detectorDetail: '', details };
  const trained = classifier?.kind === 'classifier' ? classifier.sound : undefined;
  const found = trained && classifierWords(trained);
  const { task } = spec.sound;
  const fitted = spec.kind === 'evaluation' ? detector : spec;
  const method = fitted?.kind === 'detector' ? fitted.sound.detector : undefined;
  const named = asPicked(task?.['data']) ?? datasetOfTask(task);
  const dataset = named?.name ?? found?.dataset ?? '';
  const ownDataset = named ? ownName(named) : (found?.ownDataset ?? '');
  const subject = task ? subjectOf(task, trained) : noSubject;
  return {
    task: task?.name ?? '',
    taskDetail: task ? [...subjectText(subject), ownDataset || dataset].filter(Boolean).join(', ') : '',
    subject,
    dataset,
    ownDataset,
    detector: method?.name ?? '',
    detectorDetail: method ? detectorDetail(method) : '',
    model: found?.model ?? '',
    details,
  };
}

/** Parts of a spec that other words cover, and the seed, which has its own place. */
const wordedKeys = ['detector', 'model', 'seed'];

const noSubject: RunSummary['subject'] = { training: 'unknown', trained: null, tested: null, change: '', words: '' };

function classifierWords({
  train_data: data,
  model,
  graph,
}: ClassifierSpec): Pick<RunWords, 'task' | 'taskDetail' | 'subject' | 'dataset' | 'ownDataset' | 'model'> {
  const parts = data && trainingData(data);
  const trigger = parts?.trigger;
  const training = !parts ? 'unknown' : trigger ? 'poisoned' : 'clean';
  const dataset = parts?.original ? dataWord(parts.original) : '';
  return {
    task: parts && trigger ? proposedTask(taskRegistry.definitions, parts).id : '',
    taskDetail: trigger ? `${trigger.name}, ${dataset}` : dataset,
    subject: { ...noSubject, training, trained: trigger ? { id: trigger.name, detail: '' } : null },
    dataset: parts?.original.name ?? '',
    ownDataset: parts?.original ? ownName(parts.original) : '',
    model: model ? modelText(model) : (graph ?? ''),
  };
}

/** The name with the sizes of its layers, then what else differs from its defaults. */
function modelText(model: Picked): string {
  const fields = fieldsOf(knownArchitectures, model.name);
  const sizes = fields.filter(({ type }) => type === 'integers').map(({ key }) => listed(model[key]));
  const rest = differences(
    fields.filter(({ type }) => type !== 'integers'),
    model,
  );
  return [`${model.name} ${sizes.join(' / ')}`.trim(), ...rest].join(', ');
}

const fieldsOf = (registry: Registry<Definition>, id: string) => describe(registry.get(id).params);

const isRecorded = (task: string) => taskRegistry.has(task) && !watchesClassifier(task);

/** A dataset that the task itself names. */
function datasetOfTask(task: Picked | undefined): Picked | undefined {
  return (
    asPicked(task?.['clean_test_data']) ?? (task && !('run_path' in task) && !isRecorded(task.name) ? task : undefined)
  );
}

function subjectOf(task: Picked, classifier: ClassifierSpec | undefined): RunSummary['subject'] {
  const data = classifier?.train_data && trainingData(classifier.train_data);
  const training = !data ? 'unknown' : data.trigger ? 'poisoned' : 'clean';
  const { hasTrigger, asked } = triggerOfTask(task);
  const change = asPicked(task['change'])?.name ?? '';
  const trained = data?.trigger;
  if (!hasTrigger) {
    const { name, data: _, ...params } = task;
    const words = taskRegistry.get(name).describe(params);
    return { ...noSubject, training, trained: trained ? { id: trained.name, detail: '' } : null, change, words };
  }
  return { training, ...triggerWords(trained, asked ?? trained), change, words: '' };
}

/** Describes a trigger so that two of one kind can be told apart. */
function triggerWords(
  trained: Picked | undefined,
  tested: Picked | undefined,
): { trained: TriggerWords | null; tested: TriggerWords | null } {
  const isOneKind = trained !== undefined && tested !== undefined && trained.name === tested.name;
  const differing = isOneKind
    ? fieldsOf(triggerRegistry, trained.name).filter(
        ({ key }) => !samplesOnly.includes(key) && JSON.stringify(trained[key]) !== JSON.stringify(tested[key]),
      )
    : [];
  const words = (trigger: Picked | undefined): TriggerWords | null =>
    trigger
      ? {
          id: trigger.name,
          detail: differing
            .map(({ key, label }) => `${inSentence(label)} ${formatParameter(trigger[key] ?? 'default')}`)
            .join(', '),
        }
      : null;
  return { trained: words(trained), tested: words(tested) };
}

/** Parameters of a trigger that choose the samples, not how it looks. */
const samplesOnly: readonly string[] = [...Object.keys(poisonFields), ...trainingOnly];

/** Ids for filters to search, as people type them. */
function subjectText({ trained, tested, change, words }: RunSummary['subject']): string[] {
  const isOwn = trained?.id === tested?.id && trained?.detail === tested?.detail;
  return [
    tested ? `${tested.id} ${tested.detail}`.trim() : '',
    tested && trained && !isOwn ? `trained with ${`${trained.id} ${trained.detail}`.trim()}` : '',
    change === '' ? '' : `against ${change}`,
    words,
  ].filter((part) => part !== '');
}

function detectorDetail({ name, ...params }: Picked): string {
  return differences(fieldsOf(detectorRegistry, name), params).join(', ');
}

/** Returns what differs from the defaults, by the fields' labels: "relative", "shrinkage 0.1". */
function differences(fields: readonly Field[], values: Readonly<Record<string, unknown>>): string[] {
  return changed(fields, values).map(({ field, label, value, readable }) => {
    if (field.key === 'layers' && Array.isArray(value))
      return value.length > 2 ? `${numbered(value.length, 'layer')}` : shortLayerNames(value.map(String)).join(' + ');
    const name = inSentence(label);
    if (field.type === 'flag') return value === true ? name : `no ${name}`;
    return `${name} ${Array.isArray(value) ? listed(value) : readable}`;
  });
}

const listed = (values: unknown) => (Array.isArray(values) ? values.join('-') : '');
