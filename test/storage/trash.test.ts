import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { readExperiment } from '../../main/storage/experiment-folder.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { isProcessAlive } from '../../main/storage/process-identity.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { finishTrashMoves, putIntoTrash, takeOutOfTrash } from '../../main/storage/trash-moves.ts';
import { outputOf, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import { experimentFolder, makeExperiment, makeRun, runFolder } from './trash-folders.ts';

/** Opens the catalogue of a place as a start of the program does. */
function open(place: string): Catalogue {
  const catalogue = openCatalogue(join(place, 'home', 'catalogue.sqlite'));
  onTestFinished(() => catalogue.close());
  finishTrashMoves(catalogue, isProcessAlive);
  return catalogue;
}

/** Names of what is in a folder, hidden folders of the trash all being called alike. */
const namesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(/\.cupbearer-removed-[^/\\]+/g, 'TRASH'))
    .filter((name) => /(TRASH|run\.json|experiment\.json)$/.test(name))
    .sort();

const entryOf = (catalogue: Catalogue, id: string) => {
  const entry = catalogue.trash.find(id);
  if (!entry) throw new Error(`${id} cannot be restored.`);
  return entry;
};

describe('a run in the trash', () => {
  it('lies hidden beside its place, is listed, and comes back as it was', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'runs', 'knn');
    const discarded = runFolder(catalogue, folder);
    const [run] = discarded.runs;
    catalogue.mark([run!.id], { notes: 'mine', addTags: ['paper'] });
    const before = catalogue.get(run!.id);
    const [id] = putIntoTrash(catalogue, [{ ...discarded, runs: [before] }]);
    expect(namesIn(join(place, 'runs'))).toEqual(['TRASH', 'TRASH/run.json']);
    expect(catalogue.list()).toEqual([]);
    const [item] = catalogue.trash.list();
    expect(item).toMatchObject({ id, what: 'run', name: 'knn', folder, runs: [run!.id], bytes: null });
    expect(takeOutOfTrash(catalogue, entryOf(catalogue, id!))).toEqual({
      name: 'knn',
      folder,
      isBeside: false,
      renamed: null,
    });
    expect(catalogue.get(run!.id)).toEqual(before);
    expect([catalogue.trash.list(), namesIn(join(place, 'runs'))]).toEqual([[], ['knn/run.json']]);
    expect(readdirSync(join(place, 'home'))).not.toContain('trash.jsonl');
  });

  it('comes back beside its place where that is taken, and its record says so', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'runs', 'knn');
    const discarded = runFolder(catalogue, folder);
    const [id] = putIntoTrash(catalogue, [discarded]);
    mkdirSync(folder);
    writeFileSync(join(folder, 'mine.txt'), '');
    expect(takeOutOfTrash(catalogue, entryOf(catalogue, id!))).toMatchObject({ folder: `${folder}-2`, isBeside: true });
    expect(catalogue.get(discarded.runs[0]!.id).folder).toBe(`${folder}-2`);
    catalogue.mirrorPending();
    expect(readRecord(`${folder}-2`).folder).toBe(`${folder}-2`);
    expect(readdirSync(folder)).toEqual(['mine.txt']);
  });

  it('without a folder has only its row, which comes back', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const discarded = runFolder(catalogue, join(place, 'knn'));
    rmSync(join(place, 'knn'), { recursive: true });
    const [id] = putIntoTrash(catalogue, [{ ...discarded, hasFolder: false }]);
    expect(catalogue.trash.list()).toMatchObject([{ id, bytes: 0 }]);
    takeOutOfTrash(catalogue, entryOf(catalogue, id!));
    expect(catalogue.list()).toHaveLength(1);
  });

  it('whose hidden folder somebody has deleted says so, and touches nothing', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'knn');
    const [id] = putIntoTrash(catalogue, [runFolder(catalogue, folder)]);
    rmSync(entryOf(catalogue, id!).place!, { recursive: true });
    const error = errorOf('not-found', () => takeOutOfTrash(catalogue, entryOf(catalogue, id!)));
    expect(error.message).toContain('does not lie in the trash any more');
    expect(catalogue.trash.list()).toHaveLength(1);
  });

  it('stays a run where it cannot be moved, with those after it', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folders = ['a', 'b', 'c'].map((name) => join(place, name, 'run'));
    const discarded = folders.map((folder) => runFolder(catalogue, folder));
    renameSync(folders[1]!, join(place, 'b', 'elsewhere'));
    expect(errorOf('storage', () => putIntoTrash(catalogue, discarded)).message).toContain('Could not remove');
    expect(catalogue.list().map(({ folder }) => folder).sort()).toEqual(folders.slice(1)); // prettier-ignore
    expect(catalogue.trash.list()).toMatchObject([{ folder: folders[0] }]);
    expect(existsSync(join(folders[2]!, 'run.json'))).toBe(true);
  });
});

describe('an experiment in the trash', () => {
  it('leaves the runs that others use where they are, and takes them in again', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'experiments', 'mine');
    const { stays, ...discarded } = experimentFolder(catalogue, folder);
    const whole = namesIn(folder);
    const [id] = putIntoTrash(catalogue, [discarded]);
    expect(catalogue.experiments.list()).toEqual([]);
    expect(catalogue.list().map((run) => run.id)).toEqual([stays]);
    expect(namesIn(dirname(folder))).toEqual([
      'TRASH',
      'TRASH/corner/knn/run.json',
      'TRASH/experiment.json',
      'mine/classifiers/corner/run.json',
    ]);
    expect(takeOutOfTrash(catalogue, entryOf(catalogue, id!))).toMatchObject({ folder, isBeside: false });
    expect(namesIn(folder)).toEqual(whole);
    expect(catalogue.list()).toHaveLength(2);
    const experiment = catalogue.experiments.get('Mine');
    expect([...catalogue.experiments.runsOf(experiment.id)]).toEqual([
      ['one', stays],
      ['two', discarded.runs[0]!.id],
    ]);
  });

  it('comes back beside what has its place by now, under a name that is free', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'mine');
    const { stays, ...discarded } = experimentFolder(catalogue, folder);
    const [id] = putIntoTrash(catalogue, [discarded]);
    makeExperiment(catalogue, folder, 'mine');
    const restored = takeOutOfTrash(catalogue, entryOf(catalogue, id!));
    expect(restored).toEqual({ name: 'Mine', folder: `${folder}-2`, isBeside: true, renamed: 'Mine (2)' });
    expect(readExperiment(`${folder}-2`).spec.name).toBe('Mine (2)');
    // What stayed is where it was, and still fills its cell.
    expect(catalogue.get(stays).folder).toBe(join(folder, 'classifiers', 'corner'));
    expect(catalogue.experiments.runsOf(catalogue.experiments.get('Mine (2)').id).get('one')).toBe(stays);
    expect(catalogue.get(discarded.runs[0]!.id).folder).toBe(join(`${folder}-2`, 'corner', 'knn'));
  });

  it('takes a run along that was deleted from it before, which waits for it', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    const folder = join(place, 'mine');
    const file = makeExperiment(catalogue, folder, 'Mine');
    const [run] = putIntoTrash(catalogue, [runFolder(catalogue, join(folder, 'corner', 'knn'))]);
    const whole = { what: 'experiment', name: 'Mine', folder, hasFolder: true, runs: [], kept: [] } as const;
    const [experiment] = putIntoTrash(catalogue, [{ ...whole, experiment: file.id }]);
    const error = errorOf('conflict', () => takeOutOfTrash(catalogue, entryOf(catalogue, run!)));
    expect([error.message, error.hint]).toEqual([
      `It lay in "${folder}", and "Mine" is in the trash, too.`,
      'Restore "Mine" first.',
    ]);
    takeOutOfTrash(catalogue, entryOf(catalogue, experiment!));
    takeOutOfTrash(catalogue, entryOf(catalogue, run!));
    expect(namesIn(folder)).toEqual(['corner/knn/run.json', 'experiment.json']);
    expect(catalogue.trash.list()).toEqual([]);
  });
});

describe('a catalogue that was lost', () => {
  it('is rebuilt without what is in the trash, and with the trash', () => {
    const place = temporaryFolder();
    const catalogue = open(place);
    makeRun(catalogue, join(place, 'stays'));
    const run = runFolder(catalogue, join(place, 'knn'));
    const { stays, ...experiment } = experimentFolder(catalogue, join(place, 'mine'));
    putIntoTrash(catalogue, [run, experiment]);
    const restored = putIntoTrash(catalogue, [runFolder(catalogue, join(place, 'back'))]);
    takeOutOfTrash(catalogue, entryOf(catalogue, restored[0]!));
    catalogue.close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(place, 'home', `catalogue.sqlite${end}`), { force: true });

    const found = open(place);
    expect(found.list().map(({ title }) => title).sort()).toEqual(['back', 'corner', 'stays']); // prettier-ignore
    expect(found.experiments.list()).toEqual([]);
    const items = found.trash.list();
    expect(items.map(({ what, name, runs }) => [what, name, runs]).sort()).toEqual([
      ['experiment', 'Mine', [experiment.runs[0]!.id]],
      ['run', 'knn', [run.runs[0]!.id]],
    ]);
    for (const { id } of items) takeOutOfTrash(found, entryOf(found, id));
    expect(found.list()).toHaveLength(5);
    expect(found.experiments.runsOf(found.experiments.get('Mine').id).get('one')).toBe(stays);
  });
});

describe('a process that is killed', () => {
  /** Runs a script that ends by killing itself when the disk is asked for the rename of this number, before or after it. */
  async function killedAt(place: string, rename: number, when: 'before' | 'after', work: string): Promise<void> {
    const script = `
      import { createRequire, syncBuiltinESMExports } from 'node:module';
      const fs = createRequire(import.meta.url)('node:fs');
      const [place, at, when] = process.argv.slice(1);
      const { renameSync } = fs;
      let count = 0;
      const die = () => process.kill(process.pid, 'SIGKILL');
      fs.renameSync = (from, to) => {
        // Files that are written whole are renamed, too.
        const counts = !from.endsWith('.tmp') && ++count === Number(at);
        if (counts && when === 'before') die();
        renameSync(from, to);
        if (counts) die();
      };
      syncBuiltinESMExports();
      const { openCatalogue } = await import('STORAGE/open-catalogue.ts');
      const { putIntoTrash, takeOutOfTrash } = await import('STORAGE/trash-moves.ts');
      const { experimentFolder } = await import('STORAGE/../../test/storage/trash-folders.ts');
      const { join } = await import('node:path');
      const catalogue = openCatalogue(join(place, 'home', 'catalogue.sqlite'));
      ${work}`;
    await expect(outputOf(startChild(script, [place, String(rename), when]))).rejects.toThrow();
  }
  const put = `const { stays, ...experiment } = experimentFolder(catalogue, join(place, 'mine'));
    const [id] = putIntoTrash(catalogue, [experiment]);`;
  const restore = `count = -100;
    ${put}
    count = 0;
    takeOutOfTrash(catalogue, catalogue.trash.find(id));`;

  /** What is there when the program has started again: never half of it. */
  function standing(place: string) {
    const catalogue = open(place);
    const there = namesIn(place).filter((name) => !name.startsWith('home'));
    const titles = catalogue.list().map(({ title }) => title).sort(); // prettier-ignore
    for (const { folder } of catalogue.list()) expect(existsSync(join(folder, 'run.json'))).toBe(true);
    return { there, titles, experiments: catalogue.experiments.list().length, trash: catalogue.trash.list().length };
  }
  const inTrash = {
    there: ['TRASH', 'TRASH/corner/knn/run.json', 'TRASH/experiment.json', 'mine/classifiers/corner/run.json'],
    titles: ['corner'],
    experiments: 0,
    trash: 1,
  };
  const restored = {
    there: ['mine/classifiers/corner/run.json', 'mine/corner/knn/run.json', 'mine/experiment.json'],
    titles: ['corner', 'knn'],
    experiments: 1,
    trash: 0,
  };

  it.each([
    [1, 'before'],
    [1, 'after'],
    [2, 'before'],
    [2, 'after'],
  ] as const)('at rename %i of a move into the trash, %s it, has moved all', async (rename, when) => {
    const place = temporaryFolder();
    await killedAt(place, rename, when, put);
    expect(standing(place)).toEqual(inTrash);
  });

  it.each([
    [1, 'before', inTrash],
    [1, 'after', inTrash],
    [2, 'before', inTrash],
    [2, 'after', restored],
  ] as const)('at rename %i of a move out of it, %s it, has moved all or nothing', async (rename, when, expected) => {
    const place = temporaryFolder();
    await killedAt(place, rename, when, restore);
    expect(standing(place)).toEqual(expected);
  });
});
