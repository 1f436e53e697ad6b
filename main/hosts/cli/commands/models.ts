import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkModel } from '../../../api/runs/check-model.ts';
import { importModel, stateTraining } from '../../../api/runs/import-model.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { defaultRunsFolder } from '../../../api/settings.ts';
import { namedRun } from '../../../api/runs/named-run.ts';
import { architectureRegistry } from '../../../models/architectures/index.ts';
import { writeModelDescription } from '../../../models/files.ts';
import { templateNetwork } from '../../../models/template-network.ts';
import { weightShapes } from '../../../models/weights.ts';
import { onnxStatement } from '../../../runs/onnx-statement.ts';
import { trainingStatement } from '../../../runs/stated-training.ts';
import { readModelDescription } from '../../../models/model-in.ts';
import { readRun } from '../../../api/runs/read-run.ts';
import type { Workbench } from '../../../api/workbench.ts';
import type { CatalogueRun } from '../../../storage/catalogue-rows.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import type { ModelCheck } from '../../../../shared/domain/library.ts';
import { formatPercent, numbered } from '../../../../shared/format.ts';
import { integer, optionalPath, optionalText, parseParams, type Picked } from '../../../../shared/schema/fields.ts';
import { computeFlags, type Command } from '../command.ts';
import { faultLines, printedRun } from '../faults.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { typedWords } from '../typed-words.ts';
import { withLibrary } from '../with-library.ts';
import { withWorkbench } from './experiments.ts';

const actions = ['list', 'import', 'trained-on', 'check', 'template'];
/** What the word after an action is. */
const subjects: Record<string, string> = {
  import: 'the folder of a model',
  'trained-on': 'the id of a model',
  check: 'the id of a model',
  template: `the name of an architecture: ${architectureRegistry.ids.join(', ')}`,
};

const importFlags = {
  name: optionalText({ label: 'Name', help: "What the model is called; the folder's name unless given" }),
  base: optionalPath({ label: 'Base folder', help: 'Folder for its new run folder; the usual place unless given' }),
};
const statementFlags = trainingStatement.extend({ data_dir: computeFlags.data_dir });
const checkFlags = z.object({
  samples: integer({ label: 'Samples', help: 'How many samples of the test half are looked at', default: 500, min: 1, max: 1_000_000 }), // prettier-ignore
  data_dir: computeFlags.data_dir,
});
const allImportFlags = statementFlags.extend({ ...onnxStatement.shape, ...importFlags });
const flags = allImportFlags.extend({ samples: checkFlags.shape.samples });
const flagsOf: Record<string, z.ZodObject> = {
  import: allImportFlags,
  'trained-on': statementFlags,
  check: checkFlags,
};

export const models: Command = {
  name: 'models',
  summary: 'List models; import one that was trained elsewhere',
  synopsis:
    '[list | import FOLDER | import FILE.onnx | trained-on RUN | check RUN | template ARCHITECTURE] [--FLAG VALUE ...]',
  notes: [
    'import takes a folder with model.json and model.safetensors, and spec.json and trigger.safetensors where there are any, or one',
    'with the model.json and shards of a Keras model, as TensorFlow.js has it, or an ONNX file (docs/models.md).',
    'Without spec.json, most tasks need to know what the model was trained on: say so now, or later by',
    'trained-on. RUN is its id, which may be shortened.',
    'check measures a model on the test half of its data, with its pre-processing and with others that are common.',
    'template writes a model.json for the current folder, and says which weights belong beside it.',
  ].join('\n'),
  flags,
  maxWords: 2,
  async run([action = 'list', subject], given, output) {
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    if ((action === 'list') === (subject !== undefined)) {
      throw new CupbearerError(
        'usage',
        action === 'list' ? 'models list takes no id.' : `models ${action} needs ${subjects[action]!}.`,
      );
    }
    const accepted = Object.keys(flagsOf[action]?.shape ?? {});
    const unwanted = Object.keys(given).find((key) => !accepted.includes(key));
    if (unwanted !== undefined) throw new CupbearerError('usage', `models ${action} takes no --${unwanted}.`);
    if (action === 'template') return writeTemplate(subject!, output);
    const parsed = parseParams(flags, given, flagName);
    const { name, base, samples, data_dir: dataDir = defaultDataDir(), ...stated } = parsed;
    const statement = trainingStatement.parse(stated);
    await withWorkbench(output, async (workbench) => {
      if (action === 'list') return list(workbench, output);
      if (action === 'check') {
        const run = namedRun(workbench, subject!);
        const found = await withLibrary((library) => checkModel(library, run, samples, { dataDir }));
        const { samples: _, ...figures } = found;
        return output.result(figures, () => checked(figures));
      }
      const record = await withLibrary((library) =>
        action === 'trained-on'
          ? stateTraining(workbench, library, subject!, statement, { dataDir })
          : importModel(workbench, library, {
              name: name ?? basename(resolve(subject!)).replace(/\.onnx$/i, ''),
              ...placeOf(resolve(subject!)),
              onnx: onnxStatement.parse(stated),
              isOwn: false,
              base: resolve(base ?? defaultRunsFolder()),
              statement,
              dataDir,
            }),
      );
      output.result(record, () => taken(record));
    });
  },
};

/** The folder of a model, and its file where that is named. */
function placeOf(subject: string): { folder: string; graph?: string } {
  return /\.onnx$/i.test(subject) ? { folder: dirname(subject), graph: basename(subject) } : { folder: subject };
}

/** Writes a model.json for a model of this architecture into the current folder. @throws CupbearerError `usage`, `conflict`, `storage`. */
function writeTemplate(architecture: string, output: Output): void {
  if (!architectureRegistry.has(architecture))
    throw new CupbearerError('usage', unknownName('model', architecture, architectureRegistry.ids));
  const path = resolve('model.json');
  if (existsSync(path))
    throw new CupbearerError('conflict', `There is a file "${shownPath(path)}" already.`, {
      hint: 'Write the template in another folder.',
    });
  const network = templateNetwork(architecture);
  writeModelDescription(dirname(path), network);
  const weights = [...weightShapes(network)].map(([name, shape]) => ({ name, shape }));
  output.result({ path, weights }, () =>
    [
      `Wrote model.json. Put the input's shape, the classes and the sizes of your model into it, then save its weights beside it as`,
      'model.safetensors, by the names of PyTorch. With the sizes in it now these would be:',
      '',
      textTable(['weight', 'shape'], weights.map(({ name, shape }) => [name, shape.join(' x ')])), // prettier-ignore
    ].join('\n'),
  );
}

/** How much better other pre-processing must do before it is pointed out. */
const clearlyBetter = 0.1;

function checked({
  count,
  accuracy,
  largestClass,
  words,
  tried,
  triedAccuracy,
  others,
}: Omit<ModelCheck, 'samples'>): string {
  const lines = [
    `${formatPercent(accuracy)} of ${numbered(count, 'sample')} are taken for what they are; the most frequent class has ${formatPercent(largestClass)}.`,
    `Pre-processing: ${words}.`,
  ];
  if (others.length === 0) return lines.join('\n');
  const rows = others.map((other) => [formatPercent(other.accuracy), other.words]);
  lines.push('', textTable([`of ${tried}`, 'with'], [[formatPercent(triedAccuracy), `${words} (its own)`], ...rows]));
  const [best] = others;
  if (best!.accuracy > triedAccuracy + clearlyBetter)
    lines.push('', `The model does better with: ${best!.words}. Import it again with that, if it was trained so.`);
  return lines.join('\n');
}

function taken(run: CatalogueRun): string {
  const { id, folder } = run;
  const lines = [`${id} is in ${shownPath(folder)}.`];
  const flag = typedWords(['--task.run_path', shownPath(folder)]);
  const checked = readModelDescription(folder).graph?.checked;
  if (checked) {
    const { data, samples, accuracy } = checked;
    lines.push(`It is right on ${(100 * accuracy).toFixed(1)} % of ${numbered(samples, 'test sample')} of ${data}.`);
  }
  const note = classesNoteOf(run);
  if (note !== undefined) lines.push(note);
  if (flag !== undefined) lines.push(`Use it by: ${flag}`);
  if (!trainingOf(run))
    lines.push(
      `Most tasks need to know what it was trained on: npx cupbearer models trained-on ${id} --train_data NAME`,
    );
  return lines.join('\n');
}

/** The data that a model was trained on; undefined if it is not known. */
function trainingOf(run: CatalogueRun): Picked | undefined {
  const { spec } = readRun(run);
  return spec.kind === 'classifier' ? spec.sound.train_data : undefined;
}

function classesNoteOf(run: CatalogueRun): string | undefined {
  const { spec } = readRun(run);
  return spec.kind === 'classifier' ? spec.sound.classes_note : undefined;
}

function list({ catalogue }: Workbench, output: Output): void {
  const found = catalogue.list({ kind: 'classifier' });
  const models = found.map(printedRun);
  output.result(models, () => {
    if (found.length === 0) return 'No models yet. "npx cupbearer train-classifier" trains one.';
    const rows = found.map((run, i) => [
      run.id,
      models[i]!.fault !== null || trainingOf(run) ? run.status : `${run.status}, not known what it was trained on`,
      run.title,
      shownPath(run.folder),
    ]);
    return [textTable(['id', 'status', 'model', 'folder'], rows), ...faultLines(models)].join('\n');
  });
}
