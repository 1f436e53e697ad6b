import type { Definition, Registry } from '../../../shared/definition.ts';
import type { FormDefinition, FormField, FormRegistry } from '../../../shared/domain/form.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { datasetRegistry } from '../../data/datasets/index.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import type { DetectorNeeds } from '../../detectors/detector.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { trainClassifier } from '../../runs/train-classifier.ts';
import { trainDetector } from '../../runs/train-detector.ts';
import { architectureRegistry } from '../../models/architectures/index.ts';
import { optimizerRegistry } from '../../models/optimizers/index.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { anomalousWord } from '../../tasks/task.ts';
import { trainingStatement } from '../../runs/stated-training.ts';
import { given } from '../../../shared/given.ts';

const registries: readonly Registry<Definition>[] = [
  datasetRegistry,
  triggerRegistry,
  architectureRegistry,
  optimizerRegistry,
  taskRegistry,
  detectorRegistry,
];

/** What the user is asked when importing a model. */
const trainedElsewhere: Definition = {
  id: 'trained-elsewhere',
  title: 'Trained elsewhere',
  summary: 'What an imported model was trained on',
  params: trainingStatement,
};

/**
 * Returns everything that can be chosen in an experiment or stated about a model, with its parameters, in serialisable
 * form.
 */
export function formDefinitions(): FormRegistry[] {
  return [
    ...registries.map(({ kind, definitions }) => ({ kind, definitions: definitions.map(toFormDefinition) })),
    { kind: 'experiment', definitions: [trainClassifier, trainDetector].map(toFormDefinition) },
    { kind: 'statement', definitions: [trainedElsewhere].map(toFormDefinition) },
  ];
}

function toFormDefinition(definition: Definition & { needs?: DetectorNeeds }): FormDefinition {
  const { id, title, summary, source, details, params, needs } = definition;
  const task = taskRegistry.definitions.find((candidate) => candidate === definition);
  const poisons = datasetRegistry.definitions.find((candidate) => candidate === definition)?.poisons;
  return {
    id,
    title,
    summary,
    fields: askedFields(describe(params)),
    ...given({
      source,
      details,
      needs: needs && { ...needs },
      poisons,
      trainedOn: task?.trainedOn && { dataset: task.trainedOn.dataset },
      proposedFor: task?.proposedFor,
      isRecorded: task?.watches.what === 'records' ? true : undefined,
      words: task && { anomalous: anomalousWord(task), normal: task.normal },
    }),
  };
}

/** What forms ask for; the rest is recorded. */
function askedFields(fields: readonly Field[]): FormField[] {
  return fields.filter(({ isRecorded }) => !isRecorded).map(toFormField);
}

function toFormField({ registry, fields, options, omit, isRecorded: _, ...field }: Field): FormField {
  return {
    ...field,
    ...given({
      options: options && [...options],
      fields: fields && askedFields(fields),
      registry: registry?.kind,
      omit: omit && [...omit],
    }),
  };
}
