import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { toErrorRecord } from '../../../shared/errors.ts';
import { isTemporaryName } from '../../../main/storage/temporary-names.ts';
import { holdsRun, readRecord } from '../../../main/storage/run-folder.ts';
import { resultsOf, type Place, type Whole } from './jobs.ts';

/** Folders below `folder` that hold a run. */
function runFolders(folder: string): string[] {
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => runFolders(join(folder, name)));
  return holdsRun(folder) ? [folder, ...inside] : inside;
}

/** Files that a write which was cut off has left in the program's own folder and in those of runs. */
export function temporaryFiles(runs: readonly RunRecord[], home: string): string[] {
  const places = [home, ...new Set(runs.map(({ folder }) => folder))].filter((folder) => existsSync(folder));
  return places.flatMap((place) =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter(({ name }) => isTemporaryName(name))
      .map(({ parentPath, name }) => join(parentPath, name)),
  );
}

/** Run folders that no run of the catalogue is in. */
export function unknownFolders(runs: readonly RunRecord[], { work }: Place): string[] {
  const known = new Set(runs.map(({ folder }) => folder));
  return runFolders(work).filter((folder) => !known.has(folder));
}

/** What has ended before a kill must be as it was: says of each run where it is not. `touched` are those that the kill may have changed. */
export function changesOfOthers(
  before: readonly RunRecord[],
  after: readonly RunRecord[],
  touched: (run: RunRecord) => boolean,
): string[] {
  const now = new Map(after.map((run) => [run.id, run]));
  return before.flatMap((run) => {
    const found = now.get(run.id);
    if (!found) return [`The run ${run.id} is lost.`];
    return touched(run) || isDeepStrictEqual(run, found)
      ? []
      : [`The run ${run.id} was "${run.status}" and nobody touched it; it is "${found.status}".`];
  });
}

/** Says of each run what is wrong with it while no program is at work. */
export function wrongsAtRest(runs: readonly RunRecord[], whole: Whole): string[] {
  return runs.flatMap((run) => [...unfinished(run), ...disagreement(run), ...wrongResults(run, whole)]);
}

function unfinished({ id, status }: RunRecord): string[] {
  return status === 'running' || status === 'queued' ? [`The run ${id} is "${status}" and no process does it.`] : [];
}

/** What `run.json` says otherwise than the catalogue. */
function disagreement(run: RunRecord): string[] {
  try {
    const stored = readRecord(run.folder);
    if (isDeepStrictEqual(stored, run)) return [];
    return [
      `The run ${run.id} is "${run.status}" in the catalogue and "${stored.status}" in run.json, or differs else.`,
    ];
  } catch (error) {
    return [`The run ${run.id} is "${run.status}" in the catalogue; ${toErrorRecord(error).message}`];
  }
}

/** A run that is done has the results of one that nothing disturbed, and no checkpoint. */
function wrongResults(run: RunRecord, whole: Whole): string[] {
  if (run.status !== 'done') return [];
  const found = resultsOf(run);
  if (found !== whole[run.kind].results) return [`The ${run.kind} ${run.id} is done with other results (${found}).`];
  return existsSync(join(run.folder, 'checkpoint.safetensors'))
    ? [`The run ${run.id} is done and keeps its checkpoint.`]
    : [];
}
