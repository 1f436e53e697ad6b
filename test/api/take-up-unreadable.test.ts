import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { RebuildResult } from '../../main/storage/catalogue.ts';
import { writeRecord, writeSpec } from '../../main/storage/run-folder.ts';
import { outputOf } from '../storage/child.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { permissionsBind, withoutPermissions } from '../storage/hostile-disks.ts';
import { runRecord, specFile } from '../storage/run-records.ts';

const root = new URL('../../', import.meta.url).href;

/** A file, since a program that is given in arguments would be handed on to the processes that it starts. */
const script = `
  import { createRouterClient } from '${import.meta.resolve('@orpc/server')}';
  import { createApplication } from '${root}main/api/create-application.ts';
  import { createRouter } from '${root}main/api/router.ts';
  import { forkProcess } from '${root}main/jobs/child-process.ts';
  const application = createApplication({ host: { kind: 'web', launch: forkProcess } });
  const client = createRouterClient(createRouter(application));
  const answer = await client.runs.takeUp({ folder: process.argv[2] }).catch(({ data }) => data);
  await application.close();
  console.log(JSON.stringify(answer));`;

/** Takes up what is in a folder, in a process of a user whom permissions bind. */
async function takeUp(folder: string, home: string): Promise<RebuildResult> {
  const isRoot = process.getuid?.() === 0;
  const program = join(home, 'take-up.ts');
  writeFileSync(program, script);
  const child = spawn(process.execPath, [program, folder], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, CUPBEARER_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
  });
  return JSON.parse(await outputOf(child)) as RebuildResult;
}

it.skipIf(!permissionsBind)(
  `takes up what can be read, and names the folders that cannot${withoutPermissions}`,
  async () => {
    const place = temporaryFolder();
    const [shared, home] = [join(place, 'shared'), join(place, 'home')];
    const folders = ['first', 'week/second', 'locked/third', 'week/half/fourth', 'unreadable'];
    for (const [i, name] of folders.entries()) {
      const folder = join(shared, name);
      mkdirSync(folder, { recursive: true });
      writeSpec(folder, specFile());
      writeRecord(folder, runRecord({ id: `run-${i}`, folder }));
    }
    mkdirSync(home);
    if (process.getuid?.() === 0) for (const path of [home, place]) chownSync(path, 65534, 65534);
    const locked = ['locked', 'week/half'].map((name) => join(shared, name));
    for (const folder of locked) chmodSync(folder, 0o000);
    chmodSync(join(shared, 'unreadable', 'run.json'), 0o000);
    onTestFinished(() => {
      for (const folder of locked) chmodSync(folder, 0o755);
    });
    const { added, skipped } = await takeUp(shared, home);
    expect(added.sort()).toEqual(['first', 'week/second'].map((name) => join(shared, name)));
    expect(skipped.map(({ folder }) => folder).sort()).toEqual([...locked, join(shared, 'unreadable')].sort());
    for (const { reason } of skipped) expect(reason).toContain('permission was denied');
    expect(readdirSync(home)).toContain('catalogue.sqlite');

    expect(await takeUp(locked[0]!, home)).toMatchObject({ code: 'storage' });
  },
);
