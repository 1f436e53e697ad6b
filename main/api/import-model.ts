import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { refuse } from '../../shared/misfit.ts';
import { readStoredSpec, type StoredSpec } from '../experiments/stored-spec.ts';
import { parseNetworkSpec, readNetworkSpec, writeModelDescription } from '../models/files.ts';
import { NetworkOutline, type NetworkSpec } from '../models/network-outline.ts';
import { checkWeights } from '../models/weights.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import type { CatalogueRun } from '../storage/catalogue-rows.ts';
import { createFolder } from '../storage/create-folder.ts';
import { freePath } from '../storage/free-folder.ts';
import { parseSpecFile } from '../storage/run-files.ts';
import { createRunFolder, readSpec, replaceSpec, writeSpec } from '../storage/run-folder.ts';
import { parseSafetensors } from '../storage/safetensors.ts';
import { readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';
import { triggerFile } from '../tasks/classifier.ts';
import { newRecord } from './new-run.ts';
import { readRun } from './read-run.ts';
import { checkStatement, type StatedTraining, type TrainingStatement } from './stated-training.ts';
import { versions } from './versions.ts';
import type { Workbench } from './workbench.ts';

type ImportedSpec = Extract<StoredSpec, { kind: 'classifier' }>['sound'];

/** Files that make up a model, by name. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

const description = 'model.json';
const weights = 'model.safetensors';
const triggerName = 'trigger.safetensors';
/** The names of a model's files. */
export const modelFileNames = [description, weights, 'spec.json', triggerName];

/** How a model is to be called and where it goes. */
export interface ImportOptions {
  name: string;
  /** Folder below which a new one is made. */
  base: string;
  /** What the model was trained on, where its files do not say so. */
  statement?: TrainingStatement;
}

/**
 * Takes in a model that was trained elsewhere as a finished classifier run in a new folder. Where neither its files nor a
 * statement say what it was trained on, it can be looked at, and no task can be built on it until {@link stateTraining}.
 * @throws CupbearerError `usage` where a file is missing or is none of a model, or the statement does not fit; `bad-data` where a
 * file is damaged or the weights are not those of the description; `storage`. Nothing is written then.
 */
export async function importModel(
  workbench: Workbench,
  files: ModelFiles,
  { name, base, statement = {} }: ImportOptions,
): Promise<CatalogueRun> {
  checkNames(files);
  const network = parseNetworkSpec(parseJson(files.get(description)!, description), description);
  const outline = new NetworkOutline(network);
  checkWeights(outline, parseSafetensors(files.get(weights)!, weights).tensors, weights);
  const trigger = files.get(triggerName);
  const storedTrigger = trigger && parseSafetensors(trigger, triggerName).tensors;
  const trained = files.get('spec.json');
  const before = trained && parseTraining(trained);
  const trainData = statement.train_data ?? before?.spec.train_data;
  const seed = statement.seed ?? before?.file.seed;
  const stated = trainData
    ? await checkStatement({ ...statement, seed, train_data: trainData }, network, storedTrigger)
    : undefined;

  createFolder(base);
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const folder = createRunFolder(
    freePath(base, words || 'model', (path) => workbench.catalogue.byFolder(path) !== undefined),
  );
  for (const [file, bytes] of files) if (file !== 'spec.json') writeFileAtomically(join(folder, file), bytes);
  if (stated) writeStated(folder, network, stated);
  const file: SpecFile = {
    format: 1,
    kind: 'classifier',
    spec: {
      ...(before?.spec ?? { model: network.architecture }),
      ...(stated ? { train_data: stated.trainData } : {}),
      imported: true,
    },
    seed: seed ?? 0,
    engine: before?.file.engine ?? null,
    versions: before?.file.versions ?? versions(),
    fingerprints: before?.file.fingerprints ?? {},
    parents: [],
    created_at: new Date().toISOString(),
  };
  writeSpec(folder, file);
  const record = newRecord(folder, file);
  workbench.catalogue.insert({ ...record, title: name, status: 'done', ended_at: file.created_at });
  return workbench.catalogue.get(record.id);
}

/**
 * Says what an imported model was trained on, so that tasks can be built on it; it cannot be said twice, since what was found
 * with the model rests on it. @throws CupbearerError `conflict` where it is known; `usage` where it does not fit.
 */
export async function stateTraining(
  workbench: Workbench,
  id: string,
  statement: TrainingStatement,
): Promise<CatalogueRun> {
  const run = workbench.catalogue.get(id);
  const { folder } = run;
  const { spec } = readRun(run);
  if (spec.fault !== null) throw new CupbearerError('bad-data', `"${run.title}" cannot be used. ${spec.fault}`);
  if (spec.kind !== 'classifier' || spec.sound.imported !== true || spec.sound.train_data !== undefined) {
    throw new CupbearerError('conflict', `It is known already what "${run.title}" was trained on.`, {
      hint: 'Import the model anew to say something else.',
    });
  }
  if (!statement.train_data) refuse([{ path: ['train_data'], message: 'Choose the data that it was trained on.' }]);
  const file = readSpec(folder);
  const network = readNetworkSpec(folder);
  const stored = existsSync(triggerFile(folder)) ? readTensorFile(triggerFile(folder)).tensors : undefined;
  const stated = await checkStatement({ ...statement, train_data: statement.train_data! }, network, stored);
  writeStated(folder, network, stated);
  const known = { ...spec.sound, train_data: stated.trainData };
  replaceSpec(folder, { ...file, spec: known, seed: stated.seed });
  return workbench.catalogue.update(run.id, { spec: known });
}

/** What of a statement is kept beside spec.json. */
function writeStated(folder: string, network: NetworkSpec, { normalisation, triggerState }: StatedTraining): void {
  if (normalisation) writeModelDescription(folder, new NetworkOutline({ ...network, normalisation }));
  if (triggerState) writeTensorFile(triggerFile(folder), triggerState);
}

function checkNames(files: ModelFiles): void {
  const unknown = [...files.keys()].find((file) => !modelFileNames.includes(file));
  const missing = [description, weights].find((file) => !files.has(file));
  if (unknown === undefined && missing === undefined) return;
  const fault = missing === undefined ? `"${unknown!}" is none of them` : `"${missing}" is missing`;
  throw new CupbearerError('usage', `A model consists of ${modelFileNames.join(', ')}; ${fault}.`, {
    hint: `${description} and ${weights} are needed; the other two say what it was trained on.`,
  });
}

/** What the spec.json beside a model says of its training. @throws CupbearerError `bad-data` with a sentence per fault. */
function parseTraining(bytes: Uint8Array): { file: SpecFile; spec: ImportedSpec } {
  const file = parseSpecFile(parseJson(bytes, 'spec.json'), 'spec.json');
  if (file.kind !== 'classifier')
    throw new CupbearerError('bad-data', `spec.json: expected the spec of a classifier, found that of a run of kind ${file.kind}.`); // prettier-ignore
  const { sound, fault } = readStoredSpec('classifier', { ...file.spec, imported: true });
  if (fault !== null) throw new CupbearerError('bad-data', `spec.json does not belong to a classifier. ${fault}`);
  return { file, spec: sound };
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new CupbearerError('bad-data', `${source} is not JSON.`, { cause });
  }
}
