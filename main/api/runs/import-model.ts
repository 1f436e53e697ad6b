import { rm } from 'node:fs/promises';
import type { SpecFile } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { slug } from '../../../shared/slug.ts';
import type { OnnxStatement } from '../../runs/onnx-statement.ts';
import type { TrainingStatement } from '../../runs/stated-training.ts';
import type { Inspector } from '../../jobs/inspection.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { freePath } from '../../storage/free-folder.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { parseSpecFile } from '../../storage/run-files.ts';
import { readSpec, replaceSpec, specFileName, writeSpec } from '../../storage/run-folder.ts';
import { isThere, within } from '../../storage/within-folder.ts';
import { newRecord } from './new-run.ts';
import { readRun } from './read-run.ts';
import { versions } from '../versions.ts';
import type { Workbench } from '../workbench.ts';

/** Which model to import, and how. */
interface ImportOptions {
  name: string;
  /** The folder with its files. */
  folder: string;
  /** Whether the files are the program's own and may be moved; otherwise they are copied. */
  isOwn: boolean;
  /** Folder in which a new one is created. */
  base: string;
  /** What the model was trained on, if its files do not say. */
  statement?: TrainingStatement;
  /** The name of the ONNX file in the folder that is the model, where the folder does not say. */
  graph?: string | undefined;
  /** What else is said of an ONNX graph. */
  onnx?: OnnxStatement | undefined;
  /** Called with what the files say about the training before any of it is used; may throw. */
  checkSpec?: (spec: Record<string, unknown>) => void;
  /** Where datasets are. */
  dataDir: string;
  signal?: AbortSignal | undefined;
}

/**
 * Takes in a model that was trained elsewhere as a finished classifier run in a new folder; `library` checks its files and puts
 * them there. Where neither they nor a statement say what it was trained on, it serves tasks alone that name all of
 * their data, until {@link stateTraining}.
 * @throws CupbearerError `usage` where a file is missing or is none of a model, or the statement does not fit; `bad-data` where a
 * file is damaged or the weights are not those of the description; `storage`, `cancelled`. Nothing is written then.
 */
export async function importModel(
  workbench: Workbench,
  library: Inspector,
  { name, folder, isOwn, base, statement = {}, graph: named, onnx, checkSpec, dataDir, signal }: ImportOptions,
): Promise<CatalogueRun> {
  const own = within(folder, specFileName);
  if (checkSpec && isThere(own)) checkSpec(parseSpecFile(readJsonFile(own), specFileName).spec);
  const target = freePath(base, slug(name) || 'model', (path) => workbench.catalogue.byFolder(path) !== undefined);
  const { architecture, graph, before, trained, ...placed } = await library.ask(
    'import-model',
    { folder, isOwn, target, statement, graph: named, onnx },
    { dataDir, signal },
  );
  const file: SpecFile = {
    format: 1,
    kind: 'classifier',
    spec: {
      ...(before?.spec ?? (graph === undefined ? { model: architecture } : { graph })),
      ...(trained ? { train_data: trained.trainData } : {}),
      imported: true,
    },
    seed: trained?.seed ?? statement.seed ?? before?.seed ?? 0,
    engine: before?.engine ?? null,
    versions: before?.versions ?? versions(),
    fingerprints: before?.fingerprints ?? {},
    parents: [],
    created_at: new Date().toISOString(),
  };
  try {
    writeSpec(placed.folder, file);
    const record = newRecord(placed.folder, file, name);
    workbench.catalogue.insert({ ...record, status: 'done', ended_at: file.created_at });
    return workbench.catalogue.get(record.id);
  } catch (error) {
    await rm(placed.folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * States what an imported model was trained on, so that tasks can use it. It can be stated only once, because results
 * obtained with the model depend on it. @throws CupbearerError `conflict` if it is known; `usage` if it does not fit.
 */
export async function stateTraining(
  workbench: Workbench,
  library: Inspector,
  id: string,
  statement: TrainingStatement,
  options: { dataDir: string; signal?: AbortSignal | undefined },
): Promise<CatalogueRun> {
  const run = workbench.catalogue.get(id);
  const { folder } = run;
  const { spec } = readRun(run);
  if (spec.fault !== null) throw new CupbearerError('bad-data', `"${run.title}" cannot be used. ${spec.fault}`);
  if (spec.kind !== 'classifier' || spec.sound.imported !== true || spec.sound.train_data !== undefined) {
    throw new CupbearerError('conflict', `What "${run.title}" was trained on is known already.`, {
      hint: 'Import the model again to state something else.',
    });
  }
  const { trainData, seed } = await library.ask('state-training', { folder, statement }, options);
  const file = readSpec(folder);
  const known = { ...spec.sound, train_data: trainData };
  replaceSpec(folder, { ...file, spec: known, seed });
  return workbench.catalogue.update(run.id, { spec: known });
}
