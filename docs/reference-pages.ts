import { Registry, type Definition } from '../shared/definition.ts';
import { formatParameter } from '../shared/format.ts';
import { describe, type Field } from '../shared/schema/describe.ts';
import { helpInFull } from '../shared/schema/in-force.ts';
import { datasetRegistry } from '../main/data/datasets/index.ts';
import { triggerRegistry } from '../main/data/triggers/index.ts';
import type { DetectorDefinition } from '../main/detectors/detector.ts';
import { detectorRegistry } from '../main/detectors/index.ts';
import { architectureRegistry } from '../main/models/architectures/index.ts';
import { optimizerRegistry } from '../main/models/optimizers/index.ts';
import { taskRegistry } from '../main/tasks/index.ts';
import type { TaskDefinition } from '../main/tasks/task.ts';

/** The reference pages, made from the definitions: file name to Markdown. */
export function referencePages(): Record<string, string> {
  return {
    'detectors.md': page('Detectors', 'detector', detectorRegistry, (definition) =>
      needsOf(definition as DetectorDefinition),
    ),
    'tasks.md':
      page('Tasks', 'task', tasksThatWatch('classifier'), threatOf) +
      entries('task', tasksThatWatch('records'), '##', threatOf),
    'datasets.md': page('Datasets', 'train_data', datasetRegistry),
    'triggers.md': page('Triggers', 'train_data.backdoor', triggerRegistry),
    'models.md': page('Models', 'model', architectureRegistry) + section('Optimizers', 'optim', optimizerRegistry),
  };
}

function tasksThatWatch(what: TaskDefinition['watches']['what']): Registry<Definition> {
  const kind = what === 'classifier' ? 'task that watches a classifier' : 'task of recorded activations';
  return new Registry(
    kind,
    taskRegistry.definitions.filter(({ watches }) => watches.what === what),
  );
}

const threatOf = (definition: Definition) => ` ${(definition as TaskDefinition).threat}`;

function page(
  title: string,
  flag: string,
  registry: Registry<Definition>,
  extra?: (definition: Definition) => string,
): string {
  const note = '<!-- Made from the definitions by "npm run docs"; a test compares. -->';
  return `# ${title}\n\n${note}\n${entries(flag, registry, '##', extra)}`;
}

function section(title: string, flag: string, registry: Registry<Definition>): string {
  return `\n## ${title}\n${entries(flag, registry, '###')}`;
}

function entries(
  flag: string,
  registry: Registry<Definition>,
  level: string,
  extra?: (definition: Definition) => string,
): string {
  const shared = sharedFields(registry);
  const sharedKeys = new Set(shared.map(({ key }) => key));
  const common =
    shared.length > 0
      ? ['', `Every ${registry.kind} has these parameters:`, ...parameterTable(flag, shared), ''].join('\n')
      : '';
  return (
    common +
    registry.definitions
      .map((definition) =>
        [
          '',
          `${level} ${definition.id}`,
          '',
          `**${definition.title}.** ${definition.summary}.${extra?.(definition) ?? ''}`,
          ...(definition.source ? ['', `Source: ${definition.source}`] : []),
          ...(definition.details ? ['', definition.details] : []),
          ...parameterTable(
            flag,
            describe(definition.params).filter(({ key }) => !sharedKeys.has(key)),
          ),
          '',
        ].join('\n'),
      )
      .join('')
  );
}

/** Parameters that all definitions of a registry with several have, with the same words and defaults. */
function sharedFields(registry: Registry<Definition>): Field[] {
  const [first = [], ...others] = registry.definitions.map(({ params }) => describe(params));
  if (others.length === 0) return [];
  const same = (a: Field, b: Field) => a.key === b.key && a.help === b.help && String(a.default) === String(b.default);
  return first.filter((field) => others.every((fields) => fields.some((other) => same(field, other))));
}

function needsOf({ needs, dependsOnBatch, dependsOnScale }: DetectorDefinition): string {
  const words = [
    ...(needs.trusted ? ['trusted data'] : []),
    ...(needs.untrusted ? ['untrusted data'] : []),
    ...(needs.anomalyLabels ? ['labels of what is anomalous'] : []),
    ...(needs.images ? ['images'] : []),
    ...(needs.gradients ? ["the model's gradients"] : []),
    ...((needs.layers ?? 1) > 1 ? [`at least ${needs.layers} layers`] : []),
  ];
  const sentences = [
    ...(words.length > 0 ? [`Needs ${words.join(', ')}.`] : []),
    ...(dependsOnBatch ? ["A sample's score depends on what else is in its batch."] : []),
    ...(dependsOnScale === undefined ? [] : [`Its scores depend on scale: ${uncapitalised(dependsOnScale)}`]),
  ];
  return sentences.map((sentence) => ` ${sentence}`).join('');
}

function uncapitalised(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function parameterTable(flag: string, fields: readonly Field[]): string[] {
  if (fields.length === 0) return [];
  return [
    '',
    '| flag | | default | meaning |',
    '|---|---|---|---|',
    ...fields.map(
      (field) =>
        `| \`--${flag}.${field.key}\` | ${typeText(field)} | ${defaultText(field)} | ${escape(helpInFull(field))} |`,
    ),
  ];
}

function typeText(field: Field): string {
  const range = [field.min === undefined ? '' : `from ${field.min}`, field.max === undefined ? '' : `to ${field.max}`]
    .filter(Boolean)
    .join(' ');
  const kind =
    field.type === 'choice'
      ? field.options.map((option) => `\`${option}\``).join(', ')
      : field.type === 'pick' || field.type === 'pick-record'
        ? `a ${field.registry.kind}`
        : {
            integer: 'whole number',
            number: 'number',
            text: 'text',
            flag: 'true, false',
            integers: 'whole numbers',
            names: 'names',
            group: 'group',
          }[field.type];
  return [kind, range, field.unit].filter(Boolean).join(', ');
}

function defaultText(field: Field): string {
  if (field.default === undefined) return field.required ? 'required' : '';
  const { default: value } = field;
  return `\`${Array.isArray(value) ? value.join(',') : formatParameter(value)}\``;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
