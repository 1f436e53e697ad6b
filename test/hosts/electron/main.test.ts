import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Electron from 'electron';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { clientOverDesktop, type InMain } from '../desktop-client.ts';
import type { Client } from '../web-client.ts';
import { app, appPaths, calls, electronModule, ownSession, updater, WindowStandIn } from './electron-stand-in.ts';

vi.mock('electron', () => electronModule);
vi.mock('electron-updater', () => ({ default: { autoUpdater: updater } }));

const place = mkdtempSync(join(tmpdir(), 'cupbearer-desktop-'));
const home = join(place, 'home');
let client: Client;

beforeAll(async () => {
  vi.stubEnv('CUPBEARER_HOME', home);
  appPaths['app'] = join(place, 'program');
  appPaths['logs'] = join(place, 'logs');
  mkdirSync(join(place, 'program', 'dist', 'renderer'), { recursive: true });
  writeFileSync(join(place, 'program', 'dist', 'renderer', 'index.html'), 'the page');
  await import('../../../main/hosts/electron/main.ts');
  await vi.waitFor(() => expect(calls('setApplicationMenu')).toHaveLength(1));
  const inMain: InMain = async (work, given) => work(electronModule as unknown as typeof Electron, given);
  client = await clientOverDesktop(inMain);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true, force: true });
});

it('opens one window on its own pages, with nothing that a page could ask for', async () => {
  expect(calls('showErrorBox')).toEqual([]);
  expect(WindowStandIn.all).toHaveLength(1);
  expect(calls('loadURL')).toEqual([['app://cupbearer/']]);
  expect(await (await ownSession.pages!(new Request('app://cupbearer/'))).text()).toBe('the page');
  expect(ownSession.handlers.check!(null, 'media', 'app://cupbearer/', {} as never)).toBe(false);
  expect(calls('setAppUserModelId')).toEqual([['org.cupbearer.app']]);
  expect(calls('crashReporter.start')).toEqual([[{ uploadToServer: false }]]);
  // Windows, logs and crashes are where the user's home is, once one was chosen.
  expect(appPaths['userData']).toBe(join(home, 'desktop'));
  expect(existsSync(join(home, 'desktop'))).toBe(true);
});

it('answers calls as the desktop host', async () => {
  const info = await client.app.info({});
  expect(info).toMatchObject({ host: 'electron', home });
  expect(info.can).toEqual({ openFolder: true, chooseFolder: true, printPdf: true, update: false });
  await client.app.openFolder({ what: 'home' });
  expect(calls('showItemInFolder')).toEqual([[home]]);
  await client.app.change({ theme: 'dark' });
  expect(electronModule.nativeTheme.themeSource).toBe('dark');
});

it('shows folders in the file manager, never opens them, from its menu as well', async () => {
  // A folder of that name is a program on macOS, which opening would start.
  const runs = join(place, 'Runs.app');
  await client.app.change({ runsDir: runs });
  await client.app.openFolder({ what: 'runs' });
  expect(calls('showItemInFolder').at(-1)).toEqual([runs]);
  const [[menu]] = calls('setApplicationMenu') as [[Electron.MenuItemConstructorOptions[]]];
  const items = menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
  for (const label of ["Show the program's folder", 'Show log files'])
    (items.find((item) => item.label === label)!.click as () => void)();
  expect(calls('showItemInFolder').slice(-2)).toEqual([[home], [join(place, 'logs')]]);
  await client.app.change({ runsDir: null });
});

it('is not updated where it was not installed', async () => {
  const [[menu]] = calls('setApplicationMenu') as [[Electron.MenuItemConstructorOptions[]]];
  const items = menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
  (items.find(({ label }) => label === 'Check for updates…')!.click as () => void)();
  expect(calls('showMessageBox')).toEqual([[{ message: 'This copy of the program is not updated from here.' }]]);
  expect(calls('checkForUpdates')).toEqual([]);
  expect(calls('setFeedURL')).toEqual([]);
});

it('comes to the front when it is started again, and says so where the file given is none of a run', async () => {
  app.emit('second-instance', {}, ['cupbearer'], place);
  expect(calls('restore')).toHaveLength(1);
  expect(calls('focus')).toHaveLength(1);
  // Whatever screen the user is at stays.
  expect(calls('loadURL')).toHaveLength(1);
  expect(calls('executeJavaScript')).toEqual([]);
  app.emit('second-instance', {}, ['cupbearer', 'run.cupbearer'], place);
  await vi.waitFor(() => expect(calls('showMessageBox')).toHaveLength(2));
  expect(calls('showMessageBox')[1]).toEqual([expect.objectContaining({ type: 'error' })]);
});

it('writes down what ended by itself', () => {
  WindowStandIn.all[0]!.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
  app.emit('child-process-gone', {}, { type: 'GPU', reason: 'killed', exitCode: 9 });
  // The end of every run: who has started the process knows whether it was told to end.
  app.emit('child-process-gone', {}, { type: 'Utility', name: 'Cupbearer compute process', reason: 'killed' });
  expect(calls('reload')).toHaveLength(1);
  const log = readFileSync(join(place, 'logs', 'main.log'), 'utf8');
  expect(log).toContain("The page's process ended: crashed (11).");
  expect(log).toContain('A process of type GPU (no name) ended: killed (9).');
  expect(log).not.toContain('compute process');
});

it('closes the catalogue before it goes, once', async () => {
  // SQLite takes its journal away when the last connection is closed.
  const journal = `${(await client.app.info({})).catalogue.path}-wal`;
  expect(existsSync(journal)).toBe(true);
  const preventDefault = vi.fn();
  app.emit('before-quit', { preventDefault });
  expect(preventDefault).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(calls('quit')).toHaveLength(1));
  app.emit('before-quit', { preventDefault });
  expect(preventDefault).toHaveBeenCalledTimes(1);
  expect(existsSync(journal)).toBe(false);
});
