import { readdirSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { RunRecord } from '../../shared/domain/run.ts';
import type { Restored } from '../../shared/domain/trash.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueRun } from './catalogue-rows.ts';
import { createFolder } from './create-folder.ts';
import { holdsExperiment, readExperiment, readLinks, writeExperiment } from './experiment-folder.ts';
import { freePath } from './free-folder.ts';
import { newRunId } from './run-id.ts';
import { holdsRecord } from './run-folder.ts';
import { withStorageErrors } from './storage-error.ts';
import type { NewTrashEntry, TrashEntry } from './trash-index.ts';
import { isThere } from './within-folder.ts';

/** Begins the hidden name of what lies in the trash: beside where it was, so that no move leaves its disk. */
export const trashPrefix = '.cupbearer-removed-';

/** Something that is to go into the trash. */
export interface Discarded {
  what: TrashEntry['what'];
  name: string;
  folder: string;
  /** Whether there is anything to move. */
  hasFolder: boolean;
  runs: readonly CatalogueRun[];
  /** Paths of runs in the folder that stay, relative to it; their rows stay as well. */
  kept: readonly string[];
  /** The experiment's id. */
  experiment?: string;
}

type Move = Pick<TrashEntry, 'folder' | 'kept'> & { place: string };

/**
 * Moves runs and experiments into the trash: first all of it is noted, in one transaction in which the catalogue forgets their
 * rows, then each folder is renamed. Returns the ids in the trash.
 * @throws CupbearerError `storage`; what was not moved is then listed as before.
 */
export function putIntoTrash(catalogue: Catalogue, discarded: readonly Discarded[]): string[] {
  const now = new Date();
  const entries = discarded.map(({ hasFolder, kept, experiment, ...rest }): NewTrashEntry & { experiment?: string } => {
    const id = newRunId(now);
    const place = hasFolder ? join(dirname(rest.folder), trashPrefix + id) : null;
    return {
      ...rest,
      id,
      place,
      kept: [...kept],
      trashed_at: now.toISOString(),
      ...(experiment === undefined ? {} : { experiment }),
    };
  });
  catalogue.together(() => {
    for (const { experiment, ...entry } of entries) {
      for (const { id } of entry.runs) if (catalogue.find(id)) catalogue.forget(id);
      if (experiment !== undefined) catalogue.experiments.forget(experiment);
      catalogue.trash.put(entry);
    }
  });
  try {
    for (const entry of entries) if (entry.place !== null) moveIn({ ...entry, place: entry.place });
  } finally {
    catalogue.together(() => {
      for (const entry of entries) {
        if (entry.place === null || isThere(entry.place)) catalogue.trash.settle(entry.id);
        else listAgain(catalogue, { ...entry, place: entry.place }, entry.folder);
      }
    });
  }
  return entries.map(({ id }) => id);
}

/**
 * Restores something to where it was, or beside that where its place is taken. An experiment whose name is taken gets another.
 * @throws CupbearerError `conflict` where what it lay in is in the trash, too; `storage`; it then stays in the trash.
 */
export function takeOutOfTrash(catalogue: Catalogue, entry: TrashEntry): Restored {
  const { id, what, name, folder, place, kept } = entry;
  if (place === null) {
    listAgain(catalogue, { ...entry, place }, folder);
    return { name, folder, isBeside: false, renamed: null };
  }
  if (!isThere(place)) {
    throw new CupbearerError('not-found', `The folder of "${name}" does not lie in the trash any more: "${place}".`, {
      hint: 'Put it back there, or delete this for good.',
    });
  }
  checkAbove(catalogue, folder);
  const isFree = !isThere(folder) || (kept.length > 0 && holdsOnly(folder, kept));
  const target = isFree ? folder : freePath(dirname(folder), basename(folder));
  const renamed = what === 'experiment' ? renameIfTaken(catalogue, place) : null;
  createFolder(dirname(target));
  if (!catalogue.trash.begin(id, 'restoring', target)) {
    throw new CupbearerError('conflict', `"${name}" is being restored or deleted for good already.`);
  }
  try {
    moveOut({ folder, place, kept }, target);
  } catch (error) {
    if (isThere(place)) moveIn({ folder, place, kept });
    catalogue.trash.settle(id);
    throw error;
  }
  listAgain(catalogue, { ...entry, place }, target);
  return { name, folder: target, isBeside: target !== folder, renamed };
}

/**
 * Finishes or undoes what a process that is gone was doing with the trash; `isAlive` says whether one is. What was being deleted for
 * good stays at that step. @throws CupbearerError `storage`.
 */
export function finishTrashMoves(
  catalogue: Catalogue,
  isAlive: (pid: number, started: string | null) => boolean,
): void {
  const isLeft = ({ host_pid: pid, host_started: started }: TrashEntry) => pid === null || !isAlive(pid, started);
  for (const entry of catalogue.trash.at('moving').filter(isLeft)) {
    const { id, place, folder, kept } = entry;
    if (place !== null && (isThere(place) || isThere(folder))) moveIn({ folder, place, kept });
    catalogue.trash.settle(id);
  }
  for (const entry of catalogue.trash.at('restoring').filter(isLeft)) {
    const { id, place, target, folder, kept } = entry;
    if (place !== null && isThere(place)) {
      // What stayed may be back in it already.
      moveIn({ folder, place, kept });
      catalogue.trash.settle(id);
    } else listAgain(catalogue, entry, target ?? folder);
  }
}

/** Renames a folder into the trash, unless that is done, and puts back the runs in it that stay. */
function moveIn({ folder, place, kept }: Move): void {
  withStorageErrors(`remove "${folder}"`, () => {
    if (!isThere(place)) renameSync(folder, place);
    for (const path of kept) {
      const [hidden, stays] = [join(place, path), join(folder, path)];
      if (!isThere(hidden) || isThere(stays)) continue;
      createFolder(dirname(stays));
      renameSync(hidden, stays);
    }
  });
}

/** Renames a folder out of the trash; the runs that stayed come back into it where it gets its old place. */
function moveOut({ folder, place, kept }: Move, target: string): void {
  withStorageErrors(`restore "${target}"`, () => {
    if (target === folder && kept.length > 0 && isThere(folder)) {
      for (const path of kept) {
        const [hidden, stays] = [join(place, path), join(folder, path)];
        if (!isThere(stays) || isThere(hidden)) continue;
        createFolder(dirname(hidden));
        renameSync(stays, hidden);
      }
      removeEmpty(folder, kept);
    }
    renameSync(place, target);
  });
}

/** Lists what lies at a folder again, as it was listed before, and forgets that it was in the trash. */
function listAgain(
  catalogue: Catalogue,
  { id, what, folder, place }: Pick<TrashEntry, 'id' | 'what' | 'folder' | 'place'>,
  target: string,
): void {
  const moved = (path: string) =>
    path === folder || path.startsWith(folder + sep) ? target + path.slice(folder.length) : path;
  const runs = catalogue.trash.runsOf(id);
  const records = runs.flatMap(({ record }): RunRecord[] =>
    record === null ? [] : [{ ...record, folder: moved(record.folder) }],
  );
  catalogue.together(() => {
    if (place !== null) catalogue.trash.rebase(place, target);
    catalogue.putBack(records);
    if (what === 'experiment' && holdsExperiment(target)) catalogue.takeUpExperiment(target);
    // Their folders know more than could be read of their rows.
    if (records.length < runs.length) catalogue.rebuild(what === 'run' ? [target] : runFoldersIn(target));
    catalogue.trash.drop({ id, place });
  });
  catalogue.tell();
}

/** The folders of an experiment's runs that lie in its own. */
function runFoldersIn(experiment: string): string[] {
  const folders = [...readLinks(experiment).values()].map(({ folder }) => folder);
  return folders.filter((folder) => folder.startsWith(experiment + sep) && holdsRecord(folder));
}

/** Gives an experiment that lies in the trash another name where its own is taken. Returns that name. */
function renameIfTaken(catalogue: Catalogue, place: string): string | null {
  if (!holdsExperiment(place)) return null;
  const file = readExperiment(place);
  const isTaken = (name: string) => {
    const other = catalogue.experiments.find(name);
    return other !== undefined && other.id !== file.id;
  };
  if (!isTaken(file.spec.name)) return null;
  let count = 2;
  while (isTaken(`${file.spec.name} (${count})`)) count++;
  const name = `${file.spec.name} (${count})`;
  writeExperiment(place, { ...file, spec: { ...file.spec, name } });
  return name;
}

/** @throws CupbearerError `conflict` where a folder above lies in the trash: what is restored into it would take its place. */
function checkAbove(catalogue: Catalogue, folder: string): void {
  const above: string[] = [];
  for (let at = dirname(folder); !isThere(at) && dirname(at) !== at; at = dirname(at)) above.push(at);
  const holder = above.length === 0 ? undefined : catalogue.trash.from(above);
  if (!holder) return;
  throw new CupbearerError('conflict', `It lay in "${holder.folder}", and "${holder.name}" is in the trash, too.`, {
    hint: `Restore "${holder.name}" first.`,
  });
}

/** The folders between a folder and paths in it, that folder among them, the innermost first. */
function foldersBetween(folder: string, paths: readonly string[]): string[] {
  const folders = new Set<string>([folder]);
  for (const path of paths)
    for (let at = dirname(path); at !== '.' && at !== dirname(at); at = dirname(at)) folders.add(join(folder, at));
  return [...folders].sort((a, b) => b.length - a.length);
}

/** Whether there is nothing in a folder but what lies at these paths. */
function holdsOnly(folder: string, paths: readonly string[]): boolean {
  const expected = new Set([...foldersBetween(folder, paths), ...paths.map((path) => join(folder, path))]);
  return withStorageErrors(`read the folder "${folder}"`, () =>
    foldersBetween(folder, paths)
      .filter((path) => isThere(path))
      .every((path) => readdirSync(path).every((name) => expected.has(join(path, name)))),
  );
}

/** Removes a folder and those between it and these paths, all empty. */
function removeEmpty(folder: string, paths: readonly string[]): void {
  for (const path of foldersBetween(folder, paths)) if (isThere(path)) rmdirSync(path);
}
