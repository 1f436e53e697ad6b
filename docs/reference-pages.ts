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
import { onnxStatement } from '../main/runs/onnx-statement.ts';
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
    'datasets.md': page('Datasets', 'train_data', datasetRegistry) + ownData,
    'triggers.md': page('Triggers', 'train_data.backdoor', triggerRegistry),
    'models.md':
      page('Models', 'model', architectureRegistry) +
      section('Optimizers', 'optim', optimizerRegistry) +
      madeElsewhere +
      onnxSection(),
  };
}

const ownData = `
## Data of your own

\`npx cupbearer data import NAME PATH\` takes pictures in a folder for each class, arrays (\`.npz\`, \`.npy\`) and tables (CSV, Parquet, also as Hugging Face
writes images and texts), and prints the flags that use them: [file-formats.md](file-formats.md#imported-arrays-and-tables).
`;

const madeElsewhere = `
## Models made elsewhere

\`npx cupbearer models import FOLDER\` takes weights of these architectures from PyTorch, and Keras models layer by layer.
\`npx cupbearer models template mlp\` writes the \`model.json\` that says what to build; [file-formats.md](file-formats.md#modeljson) lists its keys.
\`npx cupbearer models check RUN\` measures a model on labelled data, with its pre-processing and with others.
`;

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

/** How models of other programs are imported as graphs. */
function onnxSection(): string {
  const rows = describe(onnxStatement).map(
    ({ key, help }) => `| \`--${key}\` | ${help.replace('Of an ONNX model: ', '')} |`,
  );
  return `
## ONNX models

Any classifier of images, vectors or texts that PyTorch or TensorFlow export as an ONNX file can be imported:

\`\`\`
npx cupbearer engine install onnx     # once: ONNX Runtime, 113 MB to download, 45 MB on the disk
npx cupbearer models import resnet50.onnx --train_data image-folder --train_data.folder cats-and-dogs \\
  --train_data.size 256 --crop_from 256 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --classes cat,dog
\`\`\`

The import tries the graph on a few samples, lists its intermediate values and makes a layer of each that has samples on its first
axis, under the name that it has in the graph (\`--detector.layers /layer4/layer4.2/Add_output_0\`). Feature maps get their channels
last, as those of the program's own models have them. Detectors look at the outputs of convolution and linear layers unless told otherwise,
at no more than eight, spread evenly over the graph. A model whose training data are named is checked on up to 1,000 of their test samples, and
the accuracy is printed: a low one means that the inputs are not prepared as they were for its training.

Such a model serves every task and detector that needs no gradients and does not run the model on inputs of its own. It computes on the CPU.

What the file does not say is read from files beside it, or given by flags, which count more: \`model.json\` with the keys \`input_shape\`,
\`classes\`, \`vocabulary\`, \`output\` and \`preprocessing\` ([file-formats.md](file-formats.md#modeljson-of-an-onnx-model)); \`classes.txt\`, one
name a line; \`config.json\` (\`id2label\`) and \`preprocessor_config.json\` as Hugging Face writes them.

| flag | meaning |
|---|---|
| \`--train_data\` | what it was trained on: the shape of its samples and tokens are those of these data unless given |
${rows.join('\n')}
| \`--classes\` | their names in the order of its outputs, separated by commas |
| \`--value_range\`, \`--mean\`, \`--std\`, \`--channel_order\` | what black and white become, what is subtracted and divided by, by channel, and RGB or BGR |
| \`--crop_from\` | what the shorter side is made before the middle is cut out |

Images are prepared in this order: resized (bilinear, with a mean over what is made smaller), brought into the range, normalised,
ordered by channel, laid out. A grey image goes into each channel of a model of colour images.

- The batch axis must be open, or of size 1; samples are then run one by one. Other open axes get their sizes from the samples.
- Beside \`input_ids\`, a model of texts may want \`attention_mask\` (filled with 1), \`token_type_ids\` (0) and \`position_ids\`.
- Weights in other files must lie beside the graph, at most 2 GiB a file.
- Graphs in float16 work. What they put out depends on which values are looked at, because ONNX Runtime computes in float32 between them:
  all layers are looked at each time. bfloat16 and floats of 8 bits are refused.
- Quantised graphs work. Layers of whole numbers of 8 bits are these numbers, not what they stand for.
- An operator that ONNX Runtime lacks is named, and the model is refused.
`;
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
