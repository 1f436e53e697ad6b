import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { processTag } from '../../main/storage/process-identity.ts';
import { writeSpec } from '../../main/storage/run-folder.ts';
import { startCli } from '../hosts/cli-process.ts';
import { endedTag } from '../storage/child.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { runRecord, specFile } from '../storage/run-records.ts';
import { ended, smallTraining, startApplication } from './running-application.ts';
import { enqueueOn } from './run-on.ts';

let left: string;
const going = `.x.${processTag()}.aaaaaa.tmp`;

beforeAll(async () => {
  left = `.x.${await endedTag()}.aaaaaa.tmp`;
});

/** Puts what a killed process leaves, and what a running one works at, into a folder. */
function litter(folder: string): string {
  mkdirSync(join(folder, left, 'inside'), { recursive: true });
  writeFileSync(join(folder, going), 'half');
  return folder;
}

/** The folder of a run that the catalogue knows. */
function knownRun(catalogueFile: string, id: string, status: 'running' | 'done'): string {
  const folder = join(dirname(dirname(catalogueFile)), id);
  mkdirSync(folder, { recursive: true });
  writeSpec(folder, specFile());
  const catalogue = openCatalogue(catalogueFile);
  catalogue.insert(runRecord({ id, folder, status, host_pid: 2 ** 22 + 1 }));
  catalogue.close();
  return folder;
}

describe('at the start, what killed processes have left', () => {
  it("is removed from the program's own folders, the data and interrupted runs; other runs wait until they are opened", async () => {
    const place = temporaryFolder();
    const [home, data] = [join(place, 'home'), join(place, 'data')];
    const catalogueFile = join(home, 'catalogue.sqlite');
    const interrupted = knownRun(catalogueFile, 'interrupted', 'running');
    const done = knownRun(catalogueFile, 'done', 'done');
    const cleaned = [
      home,
      join(home, 'decoded'),
      join(home, 'scratch'),
      join(home, 'uploads'),
      join(home, 'engines', 'tensorflow'),
      data,
      join(data, 'own'),
      join(data, 'mnist'),
      interrupted,
      join(interrupted, 'figures'),
      join(interrupted, 'evals', 'noise'),
    ];
    for (const folder of [...cleaned, done, join(data, 'mine')]) litter(folder);
    writeFileSync(join(data, 'mnist', 'train-images-idx3-ubyte.gz.part'), 'the beginning');

    const started = startApplication(place);
    const { application } = started;
    // Whoever closes waits until all is tidied up.
    await started.stop({ again: true });
    for (const folder of cleaned) expect([folder, existsSync(join(folder, left))]).toEqual([folder, false]);
    for (const folder of [done, join(data, 'mine')]) expect(existsSync(join(folder, left))).toBe(true);
    for (const folder of [...cleaned, done]) expect(existsSync(join(folder, going))).toBe(true);
    expect(readdirSync(join(data, 'mnist'))).toContain('train-images-idx3-ubyte.gz.part');
    expect(application.workbench.interrupted.map(({ id }) => id)).toEqual(['interrupted']);
  });

  it('is removed from the folder of a run that the catalogue has never heard of', async () => {
    const place = temporaryFolder();
    const folder = litter(join(place, 'never-begun'));
    const making = join(place, 'home', 'making');
    mkdirSync(making, { recursive: true });
    writeFileSync(join(making, `${2 ** 22 + 1}-0.json`), JSON.stringify({ folder, started: 'long ago' }));
    await startApplication(place).stop({ again: true });
    expect([existsSync(join(folder, left)), existsSync(join(folder, going))]).toEqual([false, true]);
    expect(readdirSync(making)).toEqual([]);
  });

  it('is removed from a run when it is opened, and results that were about to be replaced are back', async () => {
    const place = temporaryFolder();
    const folder = knownRun(join(place, 'home', 'catalogue.sqlite'), 'done', 'done');
    litter(folder);
    mkdirSync(join(folder, left.replace('.x.', '.scores.').replace('.tmp', '.old')));
    writeFileSync(join(folder, left.replace('.x.', '.scores.').replace('.tmp', '.old'), 'all.npy'), 'scores');
    const started = startApplication(place);
    const { files } = await started.client.runs.get({ id: 'done' });
    expect(files.map(({ name }) => name)).toContain('scores/all.npy');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([going]);
    expect(readFileSync(join(folder, 'scores', 'all.npy'), 'utf8')).toBe('scores');
    await started.stop();
  });

  it('is removed from the folder that a run computes in', async () => {
    const started = startApplication();
    const folder = litter(join(started.place, 'run'));
    const [run] = enqueueOn(started.application.queued, [
      { experiment: 'train-classifier', params: smallTraining, folder },
    ]);
    expect(await ended(started, run!.id)).toBe('done');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([going]);
    await started.stop();
  });

  it('is removed by the command line, too', async () => {
    const place = temporaryFolder();
    const home = join(place, 'home');
    const interrupted = knownRun(join(home, 'catalogue.sqlite'), 'interrupted', 'running');
    for (const folder of [home, join(home, 'data', 'own'), interrupted]) litter(folder);
    const { code, stdout } = await startCli(['runs'], { cwd: place, home }).ended;
    expect(stdout).toContain('interrupted');
    expect(code).toBe(0);
    for (const folder of [home, join(home, 'data', 'own'), interrupted]) {
      expect([folder, existsSync(join(folder, left)), existsSync(join(folder, going))]).toEqual([folder, false, true]);
    }
  });
});
