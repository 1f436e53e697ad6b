import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { electronBinary } from '../../main/hosts/electron/start.ts';
import { answerQuestions, startDesktop, type DesktopProgram } from './desktop.ts';
import { tinyDraft } from './drafts.ts';
import { runsEnded, temporaryHome } from './program.ts';
import { expect, inElectron, test as base } from './test.ts';

base.skip(!inElectron, 'Only the desktop program has a window of its own.');

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A desktop program that a test may end and start again. */
const test = base.extend<{ home: string; start: () => Promise<DesktopProgram> }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that one needs off this pattern.
  home: async ({}, use) => {
    const { home, remove } = temporaryHome();
    await use(home);
    remove();
  },
  start: async ({ home }, use) => {
    const started: DesktopProgram[] = [];
    await use(async () => {
      const program = await startDesktop(home);
      started.push(program);
      await expect(program.window.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
      return program;
    });
    for (const program of started) await program.stop();
  },
});

/** A training that takes longer than the test. */
const longDraft = () => tinyDraft({ epochs: 100_000 });

const bounds = ({ desktop }: DesktopProgram) =>
  desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds());
const isVisible = ({ desktop }: DesktopProgram) =>
  desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
const closeWindow = ({ desktop }: DesktopProgram) =>
  desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());

test('a second start leaves the user at the screen that is shown', async ({ start, home }) => {
  const program = await start();
  await program.window.evaluate(`location.hash = '#/datasets'`);
  const heading = program.window.getByRole('heading', { level: 1, name: 'Datasets' });
  await expect(heading).toBeVisible();
  await program.window.evaluate('globalThis.isSamePage = true');
  const second = spawn(
    electronBinary(join(root, 'node_modules', 'electron'))!,
    [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    { env: { ...process.env, CUPBEARER_HOME: home }, stdio: 'ignore' },
  );
  expect(await once(second, 'close')).toEqual([0, null]);
  await expect(heading).toBeVisible();
  // A menu moves within the page as well, also to where the user is already.
  for (const label of ['Models', 'Models', 'Datasets'])
    await program.desktop.evaluate(({ Menu }, name) => {
      const items = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? []);
      (items.find((item) => item.label === name)!.click as () => void)();
    }, label);
  await expect(heading).toBeVisible();
  expect(await program.window.evaluate('globalThis.isSamePage')).toBe(true);
});

test('the window opens where it was, however often', async ({ start }) => {
  const first = await start();
  await expect.poll(() => isVisible(first)).toBe(true);
  const before = await bounds(first);
  await first.stop();
  const second = await start();
  await expect.poll(() => bounds(second)).toEqual(before);
  await second.stop();
  const third = await start();
  await expect.poll(() => bounds(third)).toEqual(before);
});

test('it asks before it takes a run along; in the background the run goes on, and the program ends after it', async ({
  start,
  home,
}) => {
  const program = await start();
  const { ids } = await program.client.drafts.start({ draft: longDraft() });
  await expect.poll(async () => (await program.client.runs.get({ id: ids[0]! })).record.status).toBe('running');
  await answerQuestions(program.desktop, 'Stay');
  await closeWindow(program);
  await expect.poll(() => isVisible(program)).toBe(true);
  await answerQuestions(program.desktop, 'Keep running in the background');
  await closeWindow(program);
  await expect.poll(() => isVisible(program)).toBe(false);
  expect((await program.client.runs.get({ id: ids[0]! })).record.status).toBe('running');
  const logs = await program.desktop.evaluate(({ app }) => app.getPath('logs'));
  const ended = once(program.child, 'close');
  await program.client.runs.cancel({ ids });
  await ended;
  // Neither the end of the run nor that of what was looked at is a fault.
  const log = readFileSync(join(logs, 'main.log'), { encoding: 'utf8', flag: 'a+' });
  expect(log).not.toMatch(/Utility|Cupbearer|Unhandled|Uncaught/);
  expect((await start()).home).toBe(home);
});

test('a training is cancelled if the user says so', async ({ start }) => {
  const program = await start();
  const { ids } = await program.client.drafts.start({ draft: longDraft() });
  await answerQuestions(program.desktop, 'Cancel them and quit');
  const ended = once(program.child, 'close');
  await closeWindow(program);
  await ended;
  const again = await start();
  expect(await runsEnded(again.client, ids)).toEqual(ids.map(() => 'cancelled'));
});
