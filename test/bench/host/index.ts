/**
 * `npm run bench:host`: how long the host's event loop is held up, and what memory the host takes, while data sets are listed,
 * imported and uploaded. Every host must answer other calls meanwhile.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../../../shared/format.ts';
import { sendFiles } from '../../../shared/send-files.ts';
import { imported } from '../../api/imports.ts';
import type { Served, ServedReading, ServedWord } from '../../hosts/served-process.ts';
import { clientOver, openSocket, signIn, type Client } from '../../hosts/web-client.ts';
import { writeHome, writePhotographs } from './data.ts';

/** The longest that the event loop may be held up, and what it should stay below, milliseconds. */
const limitMs = 200;
const targetMs = 50;

const place = mkdtempSync(join(tmpdir(), 'cupbearer-bench-host-'));
const home = join(place, 'home');
const pages = join(place, 'pages');
mkdirSync(pages);
writeFileSync(join(pages, 'index.html'), '<!doctype html>');
process.stderr.write('Writing 43 classes of photographs and a folder of 200,000 files ...\n');
writePhotographs(join(home, 'data', 'own', 'photographs'), 43, 3, true);
writePhotographs(join(place, 'photographs'), 43, 3, true);
writeHome(join(place, 'large'), 200_000);

const child = fork(fileURLToPath(new URL('../../hosts/served-process.ts', import.meta.url)), [pages], {
  env: { ...process.env, CUPBEARER_HOME: home, CUPBEARER_DATA: join(home, 'data') },
});
const [started] = (await once(child, 'message')) as [Served];
const socket = openSocket(started.port, { ...(await signIn(started.link)) });
await once(socket, 'open');
const client = clientOver(socket);

async function ask<T>(word: ServedWord): Promise<T> {
  // A loop that was held up until now notes it only when it goes on.
  await new Promise((resolve) => setTimeout(resolve, 100));
  child.send(word);
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}

/** Does something, and meanwhile calls for the settings again and again. */
async function measure(what: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  await ask('reset');
  const start = performance.now();
  let isOver = false;
  const working = work(client).then(
    () => 'done',
    (error: unknown) => `refused: ${(error as { data?: { message?: string } }).data?.message ?? String(error)}`,
  );
  void working.then(() => (isOver = true));
  let slowest = 0;
  while (!isOver) {
    const asked = performance.now();
    await client.app.settings({});
    slowest = Math.max(slowest, performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const outcome = await working;
  const seconds = (performance.now() - start) / 1000;
  const { maxMs, peakBytes } = await ask<ServedReading>('read');
  const verdict = maxMs < targetMs ? `below ${targetMs}` : maxMs < limitMs ? `below ${limitMs}` : `ABOVE ${limitMs}`;
  process.stdout.write(
    `${what.padEnd(44)}${seconds.toFixed(1).padStart(7)} s   loop held up ${maxMs.toFixed(0).padStart(6)} ms, ${verdict}   slowest other call ${slowest.toFixed(0)} ms   host's peak ${formatBytes(peakBytes)}   ${outcome.slice(0, 100)}\n`,
  );
}

async function uploadFile(calls: Client, megabytes: number): Promise<unknown> {
  const file = new File([new Uint8Array(megabytes * 2 ** 20)], 'photograph.png');
  const upload = await sendFiles(calls.uploads, [file], ['a/photograph.png']);
  return imported(calls.datasets.import({ name: 'uploaded', upload }));
}

try {
  await measure('nothing', () => new Promise((resolve) => setTimeout(resolve, 1000)));
  await measure('list, 43 classes of photographs', (calls) => calls.datasets.list({}));
  await measure('list again', (calls) => calls.datasets.list({}));
  await measure('import a folder of 200,000 files', (calls) =>
    imported(calls.datasets.importFolder({ name: 'large', folder: join(place, 'large') })),
  );
  await measure('import 43 classes of photographs', (calls) =>
    imported(calls.datasets.importFolder({ name: 'imported', folder: join(place, 'photographs') })),
  );
  await measure('look for runs in 200,000 files', (calls) => calls.runs.takeUp({ folder: join(place, 'large') }));
  await measure('upload a file of 200 MB', (calls) => uploadFile(calls, 200));
} finally {
  socket.terminate();
  child.send('end');
  await once(child, 'exit');
  rmSync(place, { recursive: true, force: true });
}
