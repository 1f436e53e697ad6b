import { existsSync, readdirSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { SpecFile } from '../../shared/domain/run.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { refuse } from '../../shared/misfit.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { readNetworkSpec, writeModelDescription, writeWeights } from '../models/files.ts';
import {
  convertLayersModel,
  labelsBeside,
  labelsName,
  layersModelFiles,
  readLayersModel,
} from '../models/keras/layers-model.ts';
import { NetworkOutline, type NetworkSpec } from '../models/network-outline.ts';
import { factsOf, readModelDescription } from '../models/model-in.ts';
import { fittedWeights } from '../models/weights.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { parseSpecFile } from '../storage/run-files.ts';
import { createRunFolder } from '../storage/run-folder.ts';
import { systemCode, toStorageError } from '../storage/storage-error.ts';
import { kerasConversion, pythonToConvert, refusePointer } from '../storage/foreign-weights.ts';
import { isThere, within } from '../storage/within-folder.ts';
import { readTensorDirectory, readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';
import { triggerFile } from '../tasks/classifier.ts';
import type { InspectionContext } from './inspection.ts';
import { importOnnx } from './import-onnx.ts';
import { isModelFile, modelFileNames } from '../runs/model-files.ts';
import type { OnnxStatement } from '../runs/onnx-statement.ts';
import { readStoredSpec, type StoredSpec } from '../runs/stored-spec.ts';
import { withStatedInputs } from '../runs/stated-inputs.ts';
import { checkStatement, type StatedTraining, type TrainingStatement } from '../runs/stated-training.ts';

type TrainingSpec = Extract<StoredSpec, { kind: 'classifier' }>['sound'];

/** A model to take in. */
interface ModelImport {
  /** The folder with its files. */
  folder: string;
  /** Whether the files are the program's own and may be moved; otherwise they are copied. */
  isOwn: boolean;
  /** The new folder of its run. */
  target: string;
  /** What it was trained on, if its files do not say. */
  statement: TrainingStatement;
  /** The name of an ONNX file in the folder that is the model; the only one there, without weights of a network, unless given. */
  graph?: string | undefined;
  /** What else is said of an ONNX graph. */
  onnx?: OnnxStatement | undefined;
}

/** A model whose files are in place. The caller writes spec.json, which makes them a run. */
interface ImportedModel {
  folder: string;
  /** Undefined for an ONNX graph. */
  architecture: Picked | undefined;
  /** The name of an ONNX graph's file. */
  graph?: string;
  /** What its own spec.json says. */
  before: SpecFile | undefined;
  /** What it was trained on; undefined where neither files nor statement say. */
  trained: KnownTraining | undefined;
}

/** What of a statement is for spec.json. */
type KnownTraining = Pick<StatedTraining, 'trainData' | 'seed'>;

const [description, weights, specName, triggerName] = modelFileNames;

/**
 * Checks the files of a model and puts them into a new folder.
 * @throws CupbearerError `usage` if a file is missing or does not belong to a model, or the statement does not fit;
 *   `bad-data` if a file is damaged or the weights do not match the description; `conflict`, `storage`. Nothing is
 *   written then.
 */
export async function importModelFiles(
  asked: ModelImport,
  context: Pick<InspectionContext, 'dataDir'> & { signal?: AbortSignal },
): Promise<ImportedModel> {
  try {
    return await importFiles(asked, context);
  } catch (error) {
    throw asked.isOwn ? withoutFolder(error, asked.folder) : error;
  }
}

/** An error that calls files of an upload by their names: the folder that they were put into tells its sender nothing. */
function withoutFolder(error: unknown, folder: string): unknown {
  if (!(error instanceof CupbearerError)) return error;
  const { code, message, remedy, hint, details } = error;
  const named = message.replaceAll(folder + sep, '');
  return new CupbearerError(code, named, { ...given({ hint: remedy ?? hint, details }), cause: error });
}

/** The files of a model, read and found to fit one another. */
interface ReadModel {
  network: NetworkSpec;
  /** Files that belong to it as they are. */
  copied: readonly string[];
  /** Weights that were converted, in place of a file. */
  converted?: TensorMap;
  /** Whether spec.json is there. */
  hasSpec: boolean;
  trigger?: TensorMap;
}

async function importFiles(
  { folder, isOwn, target, statement, graph = graphIn(folder), onnx = {} }: ModelImport,
  context: Pick<InspectionContext, 'dataDir'> & { signal?: AbortSignal },
): Promise<ImportedModel> {
  const { dataDir } = context;
  if (graph !== undefined) {
    const asked = { folder, file: graph, target, training: statement, statement: onnx };
    const { trained, folder: place } = await importOnnx(asked, isOwn ? move : copyFile, context);
    if (trained) writeStated(place, trained);
    return {
      folder: place,
      architecture: undefined,
      graph,
      before: undefined,
      trained: trained && toKeep(trained),
    };
  }
  const model = readFiles(folder, isOwn, statement);
  const network = withStatedInputs(model.network, statement);
  const before = model.hasSpec ? readTraining(folder) : undefined;
  const trainData = statement.train_data ?? before?.spec.train_data;
  const stated = trainData
    ? await checkStatement(
        { ...statement, seed: statement.seed ?? before?.file.seed, train_data: trainData },
        network,
        dataDir,
        model.trigger,
      )
    : undefined;

  const place = createRunFolder(target);
  try {
    for (const name of model.copied) await (isOwn ? move : copyFile)(join(folder, name), join(place, name));
    if (model.converted) writeWeights(place, model.converted);
    // A description that says what is so is left as its author wrote it.
    if (model.converted || network !== model.network) writeModelDescription(place, new NetworkOutline(network));
    if (stated) writeStated(place, stated);
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
  return {
    folder: place,
    architecture: network.architecture,
    before: before && { ...before.file, spec: before.spec },
    trained: stated && toKeep(stated),
  };
}

/** @throws CupbearerError as {@link importModelFiles}. */
function readFiles(folder: string, isOwn: boolean, { classes }: TrainingStatement): ReadModel {
  if (!existsSync(folder)) throw new CupbearerError('not-found', `There is no folder "${folder}".`);
  for (const name of modelFileNames) if (isThere(within(folder, name))) refusePointer(within(folder, name));
  const layersModel = isThere(within(folder, description)) ? readLayersModel(folder) : undefined;
  if (layersModel) {
    const own = [description, labelsName, ...layersModelFiles(layersModel)];
    const other = isOwn ? readdirSync(folder).find((name) => !own.includes(name)) : undefined;
    if (other !== undefined) {
      throw new CupbearerError('usage', `The files of this model are ${own.join(', ')}; "${other}" is none of them.`);
    }
    const { spec, weights: converted } = convertLayersModel(folder, layersModel, classes ?? labelsBeside(folder));
    checkNumbers(converted);
    return { network: spec, copied: [], converted, hasSpec: false };
  }
  const files = filesIn(folder, isOwn);
  const network = readNetworkSpec(folder);
  const directory = Object.fromEntries(readTensorDirectory(within(folder, weights)));
  fittedWeights(new NetworkOutline(network), directory, weights);
  checkNumbers(readTensorFile(within(folder, weights)).tensors);
  const hasSpec = files.includes(specName);
  return {
    network,
    copied: files.filter((name) => name !== specName),
    hasSpec,
    ...(files.includes(triggerName) ? { trigger: readTensorFile(within(folder, triggerName)).tensors } : {}),
  };
}

/** @throws CupbearerError `non-finite` naming the first weight that holds what is no number. */
function checkNumbers(tensors: TensorMap): void {
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at === -1) continue;
    throw new CupbearerError('non-finite', `${weights}: the weight "${name}" has ${data[at]} at place ${at}.`, {
      hint: 'Nothing can be found in what such a model computes: take weights from before its training diverged.',
    });
  }
}

/**
 * Checks a statement about an imported model, and stores beside the model what does not belong into spec.json.
 * @throws CupbearerError `usage` if it does not fit; `not-found`, `storage`, `bad-data` for files that it names.
 */
export async function stateModelTraining(
  { folder, statement }: { folder: string; statement: TrainingStatement },
  { dataDir }: Pick<InspectionContext, 'dataDir'>,
): Promise<KnownTraining> {
  if (!statement.train_data) refuse([{ path: ['train_data'], message: 'Choose the data that it was trained on.' }]);
  const description = readModelDescription(folder);
  if (description.graph) {
    const { train_data: trainData, seed, ...inputs } = statement;
    const [named] = Object.entries(inputs).flatMap(([key, value]) => (value === undefined ? [] : [key]));
    if (named !== undefined) {
      const message = 'The inputs of an ONNX graph are described when it is imported: import it again to change that.';
      refuse([{ path: [named], message }]);
    }
    const asked = { train_data: trainData!, ...given({ seed }) };
    const stated = await checkStatement({ ...statement, ...asked }, factsOf(description), dataDir);
    writeStated(folder, stated);
    return toKeep(stated);
  }
  const known = description.network;
  const network = withStatedInputs(known, statement);
  const stored = isThere(triggerFile(folder)) ? readTensorFile(triggerFile(folder)).tensors : undefined;
  const stated = await checkStatement({ ...statement, train_data: statement.train_data! }, network, dataDir, stored);
  if (network !== known) writeModelDescription(folder, new NetworkOutline(network));
  writeStated(folder, stated);
  return toKeep(stated);
}

function toKeep({ trainData, seed }: StatedTraining): KnownTraining {
  return { trainData, seed };
}

/**
 * Returns what the spec.json beside a model says about its training. @throws CupbearerError `bad-data` with a sentence
 * per fault.
 */
function readTraining(folder: string): { file: SpecFile; spec: TrainingSpec } {
  const file = parseSpecFile(readJsonFile(within(folder, specName)), specName);
  if (file.kind !== 'classifier') {
    throw new CupbearerError(
      'bad-data',
      `${specName}: expected the spec of a classifier, found that of a run of kind ${file.kind}.`,
    );
  }
  const { sound, fault } = readStoredSpec('classifier', { ...file.spec, imported: true });
  if (fault !== null) throw new CupbearerError('bad-data', `${specName} does not belong to a classifier. ${fault}`);
  return { file, spec: sound };
}

/** Returns the names of a model's files in a folder, which may hold other files as well. */
function filesIn(folder: string, isOwn: boolean): string[] {
  const found = modelFileNames.filter((name) => isThere(within(folder, name)));
  const missing = [description, weights].find((name) => !found.includes(name));
  const other = isOwn ? readdirSync(folder).find((name) => !isModelFile(name)) : undefined;
  if (other === undefined && missing === undefined) return found;
  const fault = missing === undefined ? `"${other!}" is none of them` : `"${missing}" is missing`;
  throw new CupbearerError('usage', `A model consists of ${modelFileNames.join(', ')}; ${fault}.`, {
    hint: missingHint(folder, missing),
  });
}

/** What PyTorch's weights are called. */
const torchFile = /\.(pt|pth|bin|ckpt)$/i;

/** What Keras saves whole models as. */
const kerasFile = /\.(h5|hdf5|keras)$/i;

/** What to do if a file is missing: it may have another name or format. */
function missingHint(folder: string, missing: string | undefined): string {
  const names = readdirSync(folder).sort();
  const other = names.find((name) => name.endsWith('.safetensors') && name !== weights && name !== triggerName);
  const saved = names.find((name) => torchFile.test(name));
  if (missing === weights && other !== undefined) return `Rename ${other} to ${weights} if these are the weights.`;
  if (missing === weights && saved !== undefined) return pythonToConvert(saved);
  const keras = names.find((name) => kerasFile.test(name));
  if (keras !== undefined) return kerasConversion(keras);
  if (missing === description)
    return `Write a ${description} that says what to build: npx cupbearer models template mlp makes one, docs/file-formats.md lists its keys.`;
  return `${description} and ${weights} are needed; the other two say what it was trained on.`;
}

function writeStated(folder: string, { triggerState }: StatedTraining): void {
  if (triggerState) writeTensorFile(triggerFile(folder), triggerState);
}

/** The ONNX file in a folder that is a model: the only one, if there are no weights of a network. */
function graphIn(folder: string): string | undefined {
  if (!existsSync(folder) || isThere(within(folder, weights))) return undefined;
  const [graph, ...others] = readdirSync(folder).filter((name) => name.toLowerCase().endsWith('.onnx'));
  if (others.length === 0) return graph;
  throw new CupbearerError('usage', `There are several ONNX files in "${folder}": ${[graph, ...others].join(', ')}.`, {
    hint: 'Name the file of the one to import.',
  });
}

async function move(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw toStorageError(error, `write "${target}"`);
    await copyFile(source, target);
  }
}
