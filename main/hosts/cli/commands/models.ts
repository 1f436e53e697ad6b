import { basename, dirname, resolve } from 'node:path';
import { importModel, stateTraining } from '../../../api/runs/import-model.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { defaultRunsFolder } from '../../../api/settings.ts';
import { onnxStatement } from '../../../runs/onnx-statement.ts';
import { trainingStatement } from '../../../runs/stated-training.ts';
import { readModelDescription } from '../../../models/model-in.ts';
import { readRun } from '../../../api/runs/read-run.ts';
import type { Workbench } from '../../../api/workbench.ts';
import type { CatalogueRun } from '../../../storage/catalogue-rows.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { numbered } from '../../../../shared/format.ts';
import { optionalPath, optionalText, parseParams, type Picked } from '../../../../shared/schema/fields.ts';
import { computeFlags, type Command } from '../command.ts';
import { faultLines, printedRun } from '../faults.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { typedWords } from '../typed-words.ts';
import { withLibrary } from '../with-library.ts';
import { withWorkbench } from './experiments.ts';

const actions = ['list', 'import', 'trained-on'];

const importFlags = {
  name: optionalText({ label: 'Name', help: "What the model is called; the folder's name unless given" }),
  base: optionalPath({ label: 'Base folder', help: 'Folder for its new run folder; the usual place unless given' }),
};
const statementFlags = trainingStatement.extend({ data_dir: computeFlags.data_dir });
const flags = statementFlags.extend({ ...onnxStatement.shape, ...importFlags });

export const models: Command = {
  name: 'models',
  summary: 'List models; import one that was trained elsewhere',
  synopsis: '[list | import FOLDER | import FILE.onnx | trained-on RUN] [--FLAG VALUE ...]',
  notes: [
    'import takes a folder with model.json and model.safetensors, and spec.json and trigger.safetensors where there are any;',
    'or an ONNX file, of which it must be known what its classes and its inputs are (docs/models.md).',
    'Without spec.json most tasks need to be told what the model was trained on: at once, or later by',
    'trained-on. RUN is its id, which may be shortened.',
  ].join('\n'),
  flags,
  maxWords: 2,
  async run([action = 'list', subject], given, output) {
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    if ((action === 'list') === (subject !== undefined)) {
      const needed = action === 'import' ? 'the folder of a model' : 'the id of a model';
      throw new CupbearerError(
        'usage',
        action === 'list' ? 'models list takes no id.' : `models ${action} needs ${needed}.`,
      );
    }
    const accepted = action === 'list' ? [] : Object.keys(action === 'import' ? flags.shape : statementFlags.shape);
    const unwanted = Object.keys(given).find((key) => !accepted.includes(key));
    if (unwanted !== undefined) throw new CupbearerError('usage', `models ${action} takes no --${unwanted}.`);
    const { name, base, data_dir: dataDir = defaultDataDir(), ...stated } = parseParams(flags, given, flagName);
    const statement = trainingStatement.parse(stated);
    await withWorkbench(output, async (workbench) => {
      if (action === 'list') return list(workbench, output);
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
