import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunRecord } from '../../shared/domain/run.ts';
import { experimentFormat, experimentSpecSchema, type ExperimentFile } from '../../shared/domain/experiment.ts';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { addLink, writeExperiment } from '../../main/storage/experiment-folder.ts';
import { newRunId } from '../../main/storage/run-id.ts';
import { writeRecord, writeSpec } from '../../main/storage/run-folder.ts';
import type { Discarded } from '../../main/storage/trash-moves.ts';
import { runRecord, specFile } from './run-records.ts';

/** Makes a run in a folder and in the catalogue. */
export function makeRun(catalogue: Catalogue, folder: string, changes: Partial<RunRecord> = {}): RunRecord {
  mkdirSync(folder, { recursive: true });
  const { created_at } = specFile();
  const record = runRecord({ id: newRunId(new Date()), folder, created_at, title: basename(folder), ...changes });
  writeSpec(folder, specFile());
  writeRecord(folder, record);
  catalogue.insert(record);
  return record;
}

/** Makes a run that is to go into the trash. */
export function runFolder(catalogue: Catalogue, folder: string): Discarded {
  const record = makeRun(catalogue, folder);
  return { what: 'run', name: record.title, folder, hasFolder: true, runs: [record], kept: [] };
}

/** Makes an experiment, in the catalogue as well, whose cells are filled by these runs. */
export function makeExperiment(
  catalogue: Catalogue,
  folder: string,
  name: string,
  runs: readonly { key: string; run: RunRecord }[] = [],
): ExperimentFile {
  mkdirSync(folder, { recursive: true });
  const now = new Date();
  const file: ExperimentFile = {
    format: experimentFormat,
    id: newRunId(now),
    created_at: now.toISOString(),
    runs: runs.length,
    working_dir: folder,
    data_dir: folder,
    spec: experimentSpecSchema.parse({ name, tasks: ['backdoor'], detectors: ['mahalanobis'] }),
  };
  writeExperiment(folder, file);
  for (const { key, run } of runs) addLink(folder, { key, run: run.id, folder: run.folder });
  catalogue.takeUpExperiment(folder);
  return file;
}

/** An experiment of two runs, the first of which stays when it goes into the trash. */
export function experimentFolder(catalogue: Catalogue, folder: string): Discarded & { stays: string } {
  const stays = makeRun(catalogue, join(folder, 'classifiers', 'corner'));
  const goes = makeRun(catalogue, join(folder, 'corner', 'knn'), { kind: 'detector' });
  const file = makeExperiment(catalogue, folder, 'Mine', [
    { key: 'one', run: stays },
    { key: 'two', run: goes },
  ]);
  const kept = [join('classifiers', 'corner')];
  const parts = { name: 'Mine', folder, hasFolder: true, runs: [goes], kept, experiment: file.id };
  return { what: 'experiment', ...parts, stays: stays.id };
}
