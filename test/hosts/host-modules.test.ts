import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCanvas } from '@napi-rs/canvas';
import { expect, it, onTestFinished } from 'vitest';
import { imported } from '../api/imports.ts';
import type { Served } from './served-process.ts';
import { clientOver, openSocket, signIn } from './web-client.ts';

/** Two classes of five pictures in a folder. */
function writePets(folder: string): void {
  for (const [k, name] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 5; i++) {
      const canvas = createCanvas(8, 8);
      const context = canvas.getContext('2d');
      context.fillStyle = `rgb(${40 * i}, ${90 * k}, 200)`;
      context.fillRect(0, 0, 8, 8);
      writeFileSync(join(folder, name, `${i}.png`), canvas.toBuffer('image/png'));
    }
  }
}

it('the host loads no picture codec to list, import, preview and check data', async () => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-modules-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = join(place, 'home');
  mkdirSync(join(place, 'pages'));
  writeFileSync(join(place, 'pages', 'index.html'), '<!doctype html>');
  writePets(join(place, 'pets'));
  cpSync(join(place, 'pets'), join(home, 'data', 'own', 'mine'), { recursive: true });
  const child = fork(fileURLToPath(new URL('served-process.ts', import.meta.url)), [join(place, 'pages')], {
    env: { ...process.env, CUPBEARER_HOME: home, CUPBEARER_DATA: join(home, 'data'), CUPBEARER_ROOT: place },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [{ port, link }] = (await once(child, 'message')) as [Served];
  const socket = openSocket(port, { ...(await signIn(link)) });
  await once(socket, 'open');
  const client = clientOver(socket);

  const own = (await client.datasets.list({})).find(({ name }) => name === 'mine')!;
  expect(own).toMatchObject({ shape: [8, 8, 3], samples: { train: 8, test: 2 } });
  const taken = await imported(client.datasets.importFolder({ name: 'taken', folder: join(place, 'pets') }));
  expect(taken.classes).toBe(2);
  const { samples } = await client.datasets.preview({ name: 'taken', draw: 0, count: 3 });
  expect(samples).toMatchObject({ kind: 'images', count: 3 });
  const [preset] = await client.drafts.presets({});
  const params = { train_data: { name: 'backdoor', original: own.pick, backdoor: { name: 'patch', size: 2 } } };
  const draft = { ...preset!.draft, classifier: { source: 'train' as const, params } };
  expect((await client.drafts.check({ draft })).faults).toEqual([]);
  await expect(client.runs.takeUp({ folder: place })).rejects.toMatchObject({ data: { code: 'not-found' } });

  child.send('modules');
  const [loaded] = (await once(child, 'message')) as [string[]];
  // The catalogue's library shows that native modules are listed at all.
  expect(loaded.filter((path) => path.includes('better-sqlite3'))).not.toEqual([]);
  expect(loaded.filter((path) => /napi-rs|skia/.test(path))).toEqual([]);
  child.send('end');
  await once(child, 'exit');
});
