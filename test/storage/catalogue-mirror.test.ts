import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { readRecord, writeRecord } from '../../main/storage/run-folder.ts';
import { openSqlite } from '../../main/storage/sqlite.ts';
import { firstOutputOf, startChild } from './child.ts';
import { temporaryFolder } from './fixtures.ts';
import { canMount, fillDisk, smallDisk, withoutMount } from './hostile-disks.ts';
import { runRecord } from './run-records.ts';

function opened(file: string): Catalogue {
  const catalogue = openCatalogue(file);
  onTestFinished(() => catalogue.close());
  return catalogue;
}

/** A closed catalogue with one run that is running, and its folder. */
function running(place = temporaryFolder()): { file: string; folder: string } {
  const [file, folder] = [join(place, 'home', 'catalogue.sqlite'), join(place, 'run')];
  mkdirSync(folder);
  const catalogue = openCatalogue(file);
  catalogue.insert(runRecord({ id: 'run', folder, status: 'running', host_pid: process.pid, host_started: null }));
  catalogue.close();
  return { file, folder };
}

/** The status of the run in the file itself, without a start that would mend anything. */
function storedStatus(file: string): unknown {
  const database = openSqlite(file, 1000);
  try {
    return database.prepare("SELECT status FROM runs WHERE id = 'run'").pluck().get();
  } finally {
    database.close();
  }
}

function unmirrored(catalogue: Catalogue): unknown[] {
  const database = openSqlite(catalogue.path, 1000);
  try {
    return database.prepare('SELECT run_id FROM unmirrored_runs').pluck().all();
  } finally {
    database.close();
  }
}

/** A process that marks the run as done, and is killed when it calls `moment` of the file system for its `run.json`. */
async function killedAt(moment: 'openSync' | 'renameSync', when: 'before' | 'after', file: string): Promise<void> {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    import { openCatalogue } from 'STORAGE/open-catalogue.ts';
    const [file, moment, when] = process.argv.slice(1);
    const catalogue = openCatalogue(file);
    const call = fs[moment];
    fs[moment] = (path, ...rest) => {
      const isIt = path.includes('.run.json.');
      if (isIt && when === 'before') process.kill(process.pid, 'SIGKILL');
      const result = call(path, ...rest);
      if (isIt) process.kill(process.pid, 'SIGKILL');
      return result;
    };
    syncBuiltinESMExports();
    catalogue.update('run', { status: 'done', metrics: { auroc: 0.9 } });`;
  const child = startChild(script, [file, moment, when]);
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

describe('run.json', () => {
  it.each([
    ['before it was begun', 'openSync', 'before', 'running'],
    ['before it was whole', 'renameSync', 'before', 'running'],
    ['once it was whole', 'renameSync', 'after', 'done'],
  ] as const)('follows the row at the next start where the process was killed %s', async (_, moment, when, left) => {
    const { file, folder } = running();
    await killedAt(moment, when, file);
    expect(storedStatus(file)).toBe('done');
    expect(readRecord(folder).status).toBe(left);
    const catalogue = opened(file);
    expect(readRecord(folder)).toEqual(catalogue.get('run'));
    expect(catalogue.get('run')).toMatchObject({ status: 'done', metrics: { auroc: 0.9 } });
    expect(catalogue.notices).toEqual([]);
    expect(unmirrored(catalogue)).toEqual([]);
  });

  it('is as the row after kills at any moment', async () => {
    const { file, folder } = running();
    const script = `
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      const catalogue = openCatalogue(process.argv[1]);
      for (let i = 0; ; i++) {
        catalogue.update('run', { notes: \`\${process.pid} \${i}\`, tags: [\`t\${i}\`] });
        if (i === 0) console.log('begun');
      }`;
    for (let kill = 0; kill < 8; kill++) {
      const child = startChild(script, [file]);
      await firstOutputOf(child);
      await setTimeout(kill * 7);
      child.kill('SIGKILL');
      await once(child, 'close');
      const catalogue = openCatalogue(file);
      expect(readRecord(folder)).toEqual(catalogue.get('run'));
      expect(catalogue.get('run').notes).toContain(`${child.pid} `);
      catalogue.close();
    }
  });

  it('is what the last of several processes made of the row', async () => {
    const { file, folder } = running();
    const script = `
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      const catalogue = openCatalogue(process.argv[1]);
      for (let i = 0; i < 15; i++) catalogue.update('run', { notes: \`\${process.pid} \${i}\` });
      catalogue.close();`;
    await Promise.all([1, 2, 3].map(async () => once(startChild(script, [file]), 'close')));
    expect(readRecord(folder)).toEqual(opened(file).get('run'));
  });

  it('follows once the folder is there again', () => {
    const { file, folder } = running();
    renameSync(folder, `${folder}-unmounted`);
    const before = openCatalogue(file);
    before.update('run', { status: 'done' });
    before.close();
    const without = openCatalogue(file);
    expect(without.notices).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    without.close();
    renameSync(`${folder}-unmounted`, folder);
    const catalogue = opened(file);
    expect(readRecord(folder).status).toBe('done');
    expect(unmirrored(catalogue)).toEqual([]);
  });

  it.skipIf(!canMount)(`follows once there is room${withoutMount}`, () => {
    const { folder: disk } = smallDisk('256k');
    const { file, folder } = running();
    rmSync(folder, { recursive: true });
    const onDisk = join(disk, 'run');
    mkdirSync(onDisk);
    const catalogue = openCatalogue(file);
    catalogue.update('run', { folder: onDisk });
    expect(readRecord(onDisk).status).toBe('running');
    fillDisk(disk);
    expect(catalogue.update('run', { status: 'done' }).status).toBe('done');
    expect(catalogue.notices).toHaveLength(1);
    expect(catalogue.notices[0]).toContain('the disk is full');
    expect(readRecord(onDisk).status).toBe('running');
    catalogue.close();
    rmSync(join(disk, '.filler.000000000000.tmp'));
    const again = opened(file);
    expect(readRecord(onDisk).status).toBe('done');
    expect(again.notices).toEqual([]);
  });

  it('of another run or a newer version is left alone', () => {
    const { file, folder } = running();
    const database = openSqlite(file, 1000);
    database.prepare("INSERT INTO unmirrored_runs VALUES ('run'), ('forgotten')").run();
    database.close();
    writeRecord(folder, runRecord({ id: 'other', folder }));
    expect(unmirrored(opened(file))).toEqual([]);
    expect(readRecord(folder).id).toBe('other');
  });
});

describe('a run that its row says is going on, and its folder has ended', () => {
  it('has ended where the row lost what was written last', () => {
    const { file, folder } = running();
    writeRecord(folder, { ...readRecord(folder), status: 'failed', error: { code: 'engine', message: 'No.' } });
    const catalogue = opened(file);
    expect(catalogue.markInterrupted(() => false)).toEqual([]);
    expect(catalogue.get('run')).toMatchObject({ status: 'failed', error: { message: 'No.' } });
  });

  it('was interrupted where the row is the newer of the two', () => {
    const { file, folder } = running();
    writeRecord(folder, { ...readRecord(folder), status: 'failed' });
    const catalogue = openCatalogue(file);
    // A folder that is in the way keeps run.json from following.
    renameSync(join(folder, 'run.json'), join(folder, 'kept.json'));
    mkdirSync(join(folder, 'run.json', 'x'), { recursive: true });
    catalogue.update('run', { status: 'running', notes: 'resumed' });
    expect(unmirrored(catalogue)).toEqual(['run']);
    rmSync(join(folder, 'run.json'), { recursive: true });
    renameSync(join(folder, 'kept.json'), join(folder, 'run.json'));
    expect(catalogue.markInterrupted(() => false).map(({ id }) => id)).toEqual(['run']);
    expect(readRecord(folder)).toMatchObject({ status: 'interrupted', notes: 'resumed' });
    catalogue.close();
  });

  it('is taken for none where run.json cannot be read', () => {
    const { file, folder } = running();
    writeFileSync(join(folder, 'run.json'), '{');
    expect(
      opened(file)
        .markInterrupted(() => false)
        .map(({ status }) => status),
    ).toEqual(['interrupted']);
    expect(readRecord(folder).status).toBe('interrupted');
  });
});
