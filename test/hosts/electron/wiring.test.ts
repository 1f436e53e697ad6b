import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext, runInThisContext } from 'node:vm';
import type * as Electron from 'electron';
import type { MenuItemConstructorOptions, Session, WebFrameMain } from 'electron';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExperimentSummary } from '../../../shared/domain/experiment-view.ts';
import type { CatalogueEvent, LiveState, RunSummary } from '../../../shared/domain/live.ts';
import { settingsSchema } from '../../../shared/domain/settings.ts';
import { fetchFile } from '../../../shared/fetch-file.ts';
import { clientOverDesktop } from '../desktop-client.ts';
import { runMarker } from '../../../main/storage/run-marker.ts';
import { tinyDraft } from '../../e2e/drafts.ts';
import { runsEnded } from '../../e2e/program.ts';
import { compile } from '../../../main/hosts/electron/build.ts';
import {
  app,
  asked,
  calls,
  ContentsStandIn,
  electronModule,
  ipcMain,
  PortStandIn,
  printing,
  SessionStandIn,
  updater,
  UtilityStandIn,
  WindowStandIn,
} from './electron-stand-in.ts';

vi.mock('electron', () => electronModule);
vi.mock('electron-updater', () => ({ default: { autoUpdater: updater } }));

const { Activity } = await import('../../../main/hosts/electron/activity.ts');
const { offerCalls } = await import('../../../main/hosts/electron/connections.ts');
const { denyPermissions, isTrustedSender, keepWindowsAtHome } = await import('../../../main/hosts/electron/guards.ts');
const { endByCode, isOwnProcess, utilityLauncher } =
  await import('../../../main/hosts/electron/launch-utility-process.ts');
const { reloadGonePage } = await import('../../../main/hosts/electron/gone-pages.ts');
const { openMainWindow, showScreen } = await import('../../../main/hosts/electron/main-window.ts');
const { menuTemplate } = await import('../../../main/hosts/electron/menu.ts');
const { fileAmong, HandedFiles, openRunFile } = await import('../../../main/hosts/electron/open-runs.ts');
const { printPdf } = await import('../../../main/hosts/electron/print-pdf.ts');
const { registerScheme, serveRenderer } = await import('../../../main/hosts/electron/renderer-protocol.ts');
const { openLog } = await import('../../../main/hosts/electron/log-file.ts');
const { Updates } = await import('../../../main/hosts/electron/updates.ts');
const { boundsOnScreen, frameOffset, readWindowPlace, withoutFrame } =
  await import('../../../main/hosts/electron/window-place.ts');
const { temporaryApplication } = await import('../../api/app-client.ts');
const { createRouter } = await import('../../../main/api/router.ts');

let place: string;
beforeAll(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-electron-'))));
afterAll(() => rmSync(place, { recursive: true, force: true }));
beforeEach(() => {
  asked.length = 0;
  WindowStandIn.all.length = 0;
  electronModule.dialog.answers.length = 0;
  WindowStandIn.whileLoading = undefined;
});

const asWindow = (window: WindowStandIn) => window as unknown as Electron.BrowserWindow;
const asSession = (session: SessionStandIn) => session as unknown as Session;

describe('the window', () => {
  it('runs its page apart from everything else', () => {
    openMainWindow(join(place, 'window.json'), '#/runs');
    const [window] = WindowStandIn.all;
    expect(window!.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
    });
    expect(window!.options.webPreferences!.preload).toMatch(/preload\.cjs$/);
    expect(calls('loadURL')).toEqual([['app://cupbearer/#/runs']]);
    expect(calls('show')).toEqual([]);
    window!.emit('ready-to-show');
    expect(calls('show')).toHaveLength(1);
  });

  it('opens where it was closed', () => {
    const file = join(place, 'place.json');
    openMainWindow(file);
    WindowStandIn.all[0]!.emit('close');
    expect(readWindowPlace(file)).toEqual({ bounds: { x: 10, y: 20, width: 1200, height: 800 }, isMaximized: true });
    openMainWindow(file);
    expect(WindowStandIn.all[1]!.options).toMatchObject({ x: 10, y: 20, width: 1200, height: 800 });
    expect(calls('maximize')).toHaveLength(1);
    writeFileSync(file, '{"bounds": {"x": "left"}}');
    expect(readWindowPlace(file)).toBeUndefined();
  });

  it('opens on a screen that is still there', () => {
    const screens = [
      { x: 0, y: 0, width: 1920, height: 1080 },
      { x: 1920, y: 0, width: 1920, height: 1080 },
    ];
    const stored = { x: 2000, y: 100, width: 1200, height: 800 };
    expect(boundsOnScreen(stored, screens)).toEqual(stored);
    expect(boundsOnScreen(stored, screens.slice(0, 1))).toEqual({ width: 1200, height: 800 });
    expect(boundsOnScreen({ ...stored, x: 100, y: -500 }, screens)).toEqual({ width: 1200, height: 800 });
    expect(boundsOnScreen({ ...stored, x: -1150 }, screens)).toEqual({ width: 1200, height: 800 });
    expect(boundsOnScreen({ ...stored, width: 10, height: 10 }, screens)).toMatchObject({ width: 1024, height: 700 });
    expect(boundsOnScreen(undefined, screens)).toEqual({ width: 1440, height: 900 });
  });

  it('shows another screen without loading its page again', () => {
    openMainWindow(join(place, 'screens.json'));
    const [window] = WindowStandIn.all;
    showScreen(asWindow(window!), '#/runs/a');
    showScreen(asWindow(window!), '#/runs/a');
    expect(calls('loadURL')).toEqual([['app://cupbearer/']]);
    const pageAt = { location: { hash: '' } };
    for (const [code] of calls('executeJavaScript')) runInNewContext(code as string, pageAt);
    expect(pageAt.location.hash).toBe('#/runs/a');
    // A name from a folder cannot end the text that it stands in.
    showScreen(asWindow(window!), `#/runs/"; alert('')`);
    runInNewContext(calls('executeJavaScript').at(-1)[0] as string, pageAt);
    expect(pageAt.location.hash).toBe(`#/runs/"; alert('')`);
    // Where there is no page of ours, it is loaded.
    window!.webContents.hasCrashed = true;
    showScreen(asWindow(window!), '#/runs/b');
    window!.webContents.hasCrashed = false;
    window!.webContents.address = 'chrome-error://chromewebdata/';
    showScreen(asWindow(window!), '#/runs/c');
    expect(calls('loadURL').slice(1)).toEqual([['app://cupbearer/#/runs/b'], ['app://cupbearer/#/runs/c']]);
  });
});

describe.runIf(process.platform === 'linux')('the place of a window on X11', () => {
  /** What is stored of a window whose manager moves it by a title bar when it is shown, and what the user does then. */
  const storedAfter = (file: string, then: (window: WindowStandIn) => void = () => undefined) => {
    openMainWindow(file);
    const window = WindowStandIn.all.at(-1);
    window.isWide = false;
    const { x = 300, y = 200 } = window.options;
    window.emit('ready-to-show');
    window.emit('show');
    window.bounds = { x: x + 1, y: y + 20, width: 1200, height: 800 };
    window.emit('move');
    then(window);
    window.emit('close');
    return readWindowPlace(file)!.bounds;
  };

  it('stays the same over many starts', () => {
    const file = join(place, 'creeping.json');
    writeFileSync(file, JSON.stringify({ bounds: { x: 10, y: 20, width: 1200, height: 800 }, isMaximized: false }));
    for (let start = 0; start < 3; start++)
      expect(storedAfter(file)).toEqual({ x: 10, y: 20, width: 1200, height: 800 });
  });

  it('is where the user has moved it, less its frame', () => {
    const file = join(place, 'moved.json');
    writeFileSync(file, JSON.stringify({ bounds: { x: 10, y: 20, width: 1200, height: 800 }, isMaximized: false }));
    const move = (window: WindowStandIn) => {
      window.bounds = { x: 401, y: 320, width: 1200, height: 800 };
      window.emit('move');
    };
    expect(storedAfter(file, move)).toEqual({ x: 400, y: 300, width: 1200, height: 800 });
    // Where it is hidden at the end, the frame has gone already.
    const hide = (window: WindowStandIn) => {
      window.bounds = { x: 400, y: 300, width: 1200, height: 800 };
      window.isVisible = () => false;
    };
    expect(storedAfter(file, hide)).toEqual({ x: 400, y: 300, width: 1200, height: 800 });
  });

  it('is not mistaken for a frame where a manager puts it elsewhere', () => {
    const wanted = { x: 100, y: 100, width: 1200, height: 800 };
    expect(frameOffset(wanted, { ...wanted, x: 101, y: 120 })).toEqual({ x: 1, y: 20 });
    expect(frameOffset(wanted, { ...wanted, x: 0, y: 0 })).toEqual({ x: 0, y: 0 });
    expect(frameOffset(wanted, { ...wanted, x: 960 })).toEqual({ x: 0, y: 0 });
    expect(withoutFrame({ ...wanted, x: 101, y: 120 }, { x: 1, y: 20 })).toEqual(wanted);
  });
});

describe('a page whose process has gone', () => {
  let time = 0;
  const lines: string[] = [];
  const gone = (window: WindowStandIn, reason = 'crashed') =>
    window.webContents.emit('render-process-gone', {}, { reason, exitCode: 11 });
  const start = () => {
    lines.splice(0);
    const window = new WindowStandIn({});
    reloadGonePage(
      asWindow(window),
      (line) => lines.push(line),
      () => time,
    );
    return window;
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is loaded again', () => {
    const window = start();
    gone(window, 'clean-exit');
    expect(calls('reload')).toHaveLength(0);
    for (let crash = 0; crash < 10; crash++) {
      gone(window);
      time += 30_000;
    }
    expect(calls('reload')).toHaveLength(10);
    expect(calls('showMessageBox')).toEqual([]);
    expect(lines).toContain("The page's process ended: crashed (11).");
  });

  it('is not loaded again for ever: the user is told, and asked', async () => {
    const window = start();
    electronModule.dialog.answers.push(0, 1);
    for (let crash = 0; crash < 4; crash++) gone(window);
    expect(calls('reload')).toHaveLength(3);
    await settled();
    expect(calls('showMessageBox')).toEqual([[expect.objectContaining({ buttons: ['Load it again', 'Quit'] })]]);
    expect(calls('reload')).toHaveLength(4);
    for (let crash = 0; crash < 4; crash++) gone(window);
    await settled();
    expect(calls('reload')).toHaveLength(7);
    expect(calls('quit')).toHaveLength(1);
    expect(lines).toContain('It is not loaded again: it ended right after each time.');
  });
});

describe('pages', () => {
  it('come from the built renderer, under the policy of the web host', async () => {
    const folder = join(place, 'renderer');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.html'), 'the page');
    writeFileSync(join(place, 'secret.html'), 'secret');
    const session = new SessionStandIn();
    registerScheme();
    expect(calls('registerSchemesAsPrivileged')[0]).toEqual([
      [{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }],
    ]);
    serveRenderer(asSession(session), folder);
    const get = async (url: string, method = 'GET') => session.pages!(new Request(url, { method }));
    const page = await get('app://cupbearer/');
    expect(await page.text()).toBe('the page');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect((await get('app://cupbearer/..%2fsecret.html')).status).toBe(404);
    expect((await get('app://elsewhere/')).status).toBe(404);
    expect((await get('app://cupbearer/', 'POST')).status).toBe(404);
  });
});

describe('guards', () => {
  it('deny every permission but copying text, and that to our pages alone', () => {
    const session = new SessionStandIn();
    denyPermissions(asSession(session));
    const answers: boolean[] = [];
    const ask = (permission: string, requestingUrl: string) =>
      session.handlers.request!(null as never, permission as never, (yes) => answers.push(yes), {
        requestingUrl,
        isMainFrame: true,
      });
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'fileSystem'])
      ask(permission, 'app://cupbearer/');
    ask('clipboard-sanitized-write', 'https://example.org/');
    ask('clipboard-sanitized-write', 'app://cupbearer/');
    expect(answers).toEqual([...Array<boolean>(7).fill(false), true]);
    const check = session.handlers.check!;
    expect(check(null, 'geolocation', 'app://cupbearer/', {} as never)).toBe(false);
    expect(check(null, 'clipboard-sanitized-write', 'app://cupbearer/', {} as never)).toBe(true);
    expect(session.handlers.device!({} as never)).toBe(false);
  });

  it('keep windows at the pages of the program', () => {
    keepWindowsAtHome();
    const contents = new ContentsStandIn();
    app.emit('web-contents-created', {}, contents);
    const prevented = (event: string, details: object): boolean => {
      let was = false;
      contents.emit(event, { ...details, preventDefault: () => (was = true) });
      return was;
    };
    expect(prevented('will-frame-navigate', { url: 'https://example.org/', isMainFrame: true })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'file:///etc/passwd', isMainFrame: true })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'about:srcdoc', isMainFrame: true })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'app://cupbearer.evil/', isMainFrame: true })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'app://cupbearer/#/runs', isMainFrame: true })).toBe(false);
    expect(prevented('will-frame-navigate', { url: 'about:srcdoc', isMainFrame: false })).toBe(false);
    expect(prevented('will-frame-navigate', { url: 'blob:app://cupbearer/1', isMainFrame: false })).toBe(false);
    expect(prevented('will-frame-navigate', { url: 'blob:app://cupbearer/1', isMainFrame: true })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'blob:app://cupbearer.evil/1', isMainFrame: false })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'blob:https://example.org/1', isMainFrame: false })).toBe(true);
    expect(prevented('will-frame-navigate', { url: 'app://print/1', isMainFrame: false })).toBe(true);
    expect(prevented('will-redirect', {})).toBe(true);
    expect(prevented('will-attach-webview', {})).toBe(true);
    expect(contents.openHandler!({ url: 'https://example.org/' })).toEqual({ action: 'deny' });
    for (const url of [
      'file:///etc/passwd',
      'app://cupbearer/',
      'http://example.org/',
      'smb://host/x.exe',
      'https:',
      '',
    ])
      expect(contents.openHandler!({ url })).toEqual({ action: 'deny' });
    expect(calls('openExternal')).toEqual([['https://example.org/']]);
  });

  it('trust the page itself, not a frame in it nor another page', () => {
    const frame = (url: string, parent: object | null = null) => ({ url, parent }) as unknown as WebFrameMain;
    expect(isTrustedSender(frame('app://cupbearer/#/runs'))).toBe(true);
    expect(isTrustedSender(frame('app://cupbearer/', {}))).toBe(false);
    expect(isTrustedSender(frame('https://cupbearer/'))).toBe(false);
    expect(isTrustedSender(frame('app://cupbearer.example/'))).toBe(false);
    expect(isTrustedSender(null)).toBe(false);
  });
});

describe('the line to the page', () => {
  it('is opened for trusted pages and answers calls', async () => {
    const { application } = temporaryApplication();
    offerCalls(createRouter(application));
    const sender = new ContentsStandIn();
    ipcMain.emit('cupbearer:connect', { senderFrame: { url: 'https://evil.example/', parent: null }, sender });
    expect(calls('contents.postMessage')).toEqual([]);
    ipcMain.emit('cupbearer:connect', { senderFrame: { url: 'app://cupbearer/', parent: null }, sender });
    expect(calls('contents.postMessage')).toEqual([['cupbearer:port', null, [expect.any(PortStandIn)]]]);
    ipcMain.removeAllListeners();
  });

  it('carries calls, their errors, streams and files', async () => {
    const { application, place: folder } = temporaryApplication();
    offerCalls(createRouter(application));
    // As Playwright does: the function goes as text, so that it sees nothing but what it is given.
    const client = await clientOverDesktop(async (work, given) => {
      const alone = runInThisContext(`(${work.toString()})`) as typeof work;
      return structuredClone(await alone(electronModule as unknown as typeof Electron, given));
    });
    expect((await client.app.info({})).runsDir).toBe(join(folder, 'runs'));
    await expect(client.runs.get({ id: 'none' })).rejects.toMatchObject({
      code: 'FAILED',
      data: { code: 'not-found' },
    });
    await expect(client.runs.get({ id: 5 } as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    for await (const event of await client.runs.watch({})) {
      expect(event).toMatchObject({ type: 'runs', runs: [], complete: true });
      break;
    }
    const content = new Blob(['a file']);
    const { id } = await client.uploads.begin({});
    await client.uploads.put({ id, pieces: [{ path: 'a.txt', start: 0, bytes: content.size }], content });
    const made = await application.made.make(async (file) => {
      writeFileSync(file, 'another file');
      return { name: 'b.txt', type: 'text/plain', bytes: 12 };
    });
    const fetched = await fetchFile(client.files, made);
    expect([fetched.name, await fetched.text()]).toEqual(['b.txt', 'another file']);
    await expect(client.app.printPdf({ id: made.id, name: 'b.pdf' })).rejects.toThrow('PDF');
    ipcMain.removeAllListeners();
  });

  it('is all that the preload script gives to the page', () => {
    const source = readFileSync(new URL('../../../main/hosts/electron/preload.ts', import.meta.url), 'utf8');
    const script = compile(source, join('main', 'hosts', 'electron', 'preload.ts'));
    const required: string[] = [];
    const window = {
      listeners: [] as ((event: { source: unknown; data: unknown }) => void)[],
      addEventListener: (_: string, listener: (event: { source: unknown; data: unknown }) => void) =>
        void window.listeners.push(listener),
      posted: [] as unknown[][],
      postMessage: (...args: unknown[]) => void window.posted.push(args),
    };
    const before = Object.keys(window);
    const require = (name: string) => {
      required.push(name);
      return electronModule;
    };
    runInNewContext(script, { require, exports: {}, window });
    // A sandboxed preload script can load nothing else.
    expect(required).toEqual(['electron']);
    expect(Object.keys(window)).toEqual(before);

    for (const listener of window.listeners) {
      listener({ source: window, data: 'something else' });
      listener({ source: {}, data: 'cupbearer:connect' });
    }
    expect(calls('ipcRenderer.send')).toEqual([]);
    for (const listener of window.listeners) listener({ source: window, data: 'cupbearer:connect' });
    expect(calls('ipcRenderer.send')).toEqual([['cupbearer:connect']]);
    const port = new PortStandIn();
    electronModule.ipcRenderer.emit('cupbearer:port', { ports: [port] });
    expect(window.posted).toEqual([['cupbearer:port', '*', [port]]]);
  });
});

describe('utility processes', () => {
  const logged: string[] = [];
  const launchUtilityProcess = utilityLauncher((line) => logged.push(line));
  beforeEach(() => void logged.splice(0));

  it('get the switches of V8 in the one form that Electron passes on', () => {
    launchUtilityProcess('/entry.js');
    const [, , { execArgv }] = calls('utilityProcess.fork')[0] as [string, string[], { execArgv: string[] }];
    expect(execArgv).toEqual([expect.stringMatching(/^--js-flags=--[a-z-]+=\d+$/)]);
    // What comes after the equals sign is a switch that V8 knows.
    expect(() => execFileSync(process.execPath, [execArgv[0]!.replace('--js-flags=', ''), '-e', ''])).not.toThrow();
  });

  it('are in the log if they end by themselves, not if their work is done or they were killed', () => {
    const end = (code: number) => UtilityStandIn.last.emit('exit', code);
    launchUtilityProcess<string, string>('/jobs/compute-process.js').onMessage(() => undefined);
    UtilityStandIn.last.emit('message', { message: 'all', isLast: true });
    end(15);
    launchUtilityProcess('/jobs/compute-process.js').kill();
    end(9);
    expect(logged).toEqual([]);
    launchUtilityProcess('/jobs/compute-process.js');
    end(11);
    launchUtilityProcess('/jobs/inspection-process.js');
    end(1);
    expect(logged).toEqual([
      'Cupbearer compute process was ended by SIGSEGV.',
      'Cupbearer inspection process ended with code 1.',
    ]);
    const names = calls('utilityProcess.fork').map(([, , options]) => (options as { serviceName: string }).serviceName);
    expect(names.map((name) => isOwnProcess({ name }))).toEqual([true, true, true, true]);
    expect([isOwnProcess({ name: 'Audio Service' }), isOwnProcess({})]).toEqual([false, false]);
  });

  it('carry messages both ways and are ended after their last', () => {
    const child = launchUtilityProcess<string, string>('/entry.js');
    expect(calls('utilityProcess.fork')[0]!.slice(0, 2)).toEqual(['/entry.js', []]);
    const seen: string[] = [];
    child.onMessage((message) => seen.push(message));
    child.send('start');
    expect(calls('utility.postMessage')).toEqual([['start']]);
    UtilityStandIn.last.emit('message', { message: 'half', isLast: false });
    expect(calls('utility.kill')).toEqual([]);
    UtilityStandIn.last.emit('message', { message: 'all', isLast: true });
    expect(seen).toEqual(['half', 'all']);
    expect(calls('utility.kill')).toHaveLength(1);
  });

  it('tell how they ended, with what they said last', async () => {
    const child = launchUtilityProcess<string, string>('/entry.js');
    const ends: unknown[] = [];
    child.onEnd((end) => ends.push(end));
    UtilityStandIn.last.stderr.write('out of memory\n');
    await new Promise((resolve) => setImmediate(resolve));
    UtilityStandIn.last.emit('exit', 134);
    expect(ends).toEqual([{ code: null, signal: 'SIGABRT', errorOutput: ['out of memory'] }]);
    asked.length = 0;
    child.send('too late');
    child.kill();
    expect(asked).toEqual([]);
  });

  it('that the system ends say by which signal, so that a smaller batch is offered', () => {
    expect(endByCode(0, 'linux')).toEqual({ code: 0, signal: null });
    expect(endByCode(1, 'linux')).toEqual({ code: 1, signal: null });
    expect(endByCode(9, 'linux')).toEqual({ code: null, signal: 'SIGKILL' });
    // With a core dump.
    expect(endByCode(139, 'darwin')).toEqual({ code: null, signal: 'SIGSEGV' });
    expect(endByCode(9, 'win32')).toEqual({ code: 9, signal: null });
    // A status of Windows (illegal instruction).
    expect(endByCode(-1073741795, 'win32')).toEqual({ code: -1073741795, signal: null });
  });

  it('are killed as soon as they are there where that was asked before', () => {
    const child = launchUtilityProcess<string, string>('/entry.js');
    const process = UtilityStandIn.last;
    const { pid } = process;
    process.pid = undefined;
    const kill = vi.spyOn(globalThis.process, 'kill').mockReturnValue(true);
    try {
      child.kill();
      expect(kill).not.toHaveBeenCalled();
      process.pid = pid;
      process.emit('spawn');
      expect(kill.mock.calls).toEqual([[pid, 'SIGKILL']]);
    } finally {
      kill.mockRestore();
    }
  });
});

const live = (done: number, queuePosition: number | null = null): LiveState => ({
  id: 'a',
  phase: 'Training',
  done,
  total: 10,
  note: null,
  remainingMs: null,
  queuePosition,
  waitsFor: null,
});
const runs = (status: string, complete = true, error: object | null = null): CatalogueEvent => ({
  type: 'runs',
  runs: [{ id: 'a', title: 'A run', status, error } as unknown as RunSummary],
  complete,
});

describe('activity', () => {
  const opened: string[] = [];
  const start = (notifications = true) =>
    new Activity(
      () => settingsSchema.parse({ notifications }),
      (hash) => opened.push(hash),
    );

  it('shows progress on the taskbar and keeps the machine awake while a run goes on', () => {
    const window = new WindowStandIn({});
    const activity = start();
    activity.take({ type: 'live', live: [live(0, 1)] });
    expect(window.progress).toBe(-1);
    activity.take({ type: 'live', live: [live(2), live(6), live(0, 1)] });
    activity.take({ type: 'live', live: [live(5)] });
    expect(window.progress).toBe(0.5);
    expect(calls('powerSaveBlocker.start')).toEqual([['prevent-app-suspension']]);
    activity.take({ type: 'live', live: [] });
    expect(window.progress).toBe(-1);
    expect(calls('powerSaveBlocker.stop')).toHaveLength(1);
  });

  it('tells when a run ends that nobody looks at, and shows it on a click', () => {
    const activity = start();
    activity.take(runs('running'));
    activity.take(runs('failed', true, { message: 'The disk is full.' }));
    const [[options, notification]] = calls('notification') as [[object, { emit(event: string): void }]];
    expect(options).toEqual({ title: 'Failed: A run', body: 'The disk is full.' });
    notification.emit('click');
    expect(opened).toEqual(['#/runs/a']);
  });

  it('tells the end of an experiment and not that of each of its runs', () => {
    const activity = start();
    const experiment = (state: string, failed: number) =>
      ({
        id: 'e',
        name: 'Quick',
        folder: '/e',
        state,
        counts: { total: 4, done: 3, running: 0, failed },
      }) as ExperimentSummary;
    const run = (status: string): CatalogueEvent => ({
      type: 'runs',
      runs: [
        { id: 'r', title: 'A cell', folder: join('/e', 'corner', 'knn'), status, error: null } as unknown as RunSummary,
      ],
      complete: true,
    });
    activity.takeExperiments([experiment('idle', 0)]);
    activity.takeExperiments([experiment('running', 0)]);
    activity.take(run('running'));
    activity.take(run('done'));
    expect(calls('notification')).toEqual([]);
    activity.takeExperiments([experiment('idle', 1)]);
    activity.takeExperiments([experiment('idle', 1)]);
    const [[options, notification]] = calls('notification') as [[object, { emit(event: string): void }]];
    expect(calls('notification')).toHaveLength(1);
    expect(options).toEqual({ title: 'Ended with failures: Quick', body: '3 of 4 runs done, 1 failed.' });
    notification.emit('click');
    expect(opened.at(-1)).toBe('#/experiments/e');
  });

  it('does not where the window is looked at, where it is switched off, or of what ended long ago', () => {
    const quiet = start(false);
    quiet.take(runs('running'));
    quiet.take(runs('done'));
    const first = start();
    first.take(runs('running', false));
    first.take(runs('done', true));
    const watched = start();
    new WindowStandIn({}).isLookedAt = true;
    watched.take(runs('running'));
    watched.take(runs('done'));
    expect(calls('notification')).toEqual([]);
  });
});

describe('updates', () => {
  const settings = () => settingsSchema.parse({});
  const source = { address: 'https://example.org/', key: generateKeyPairSync('ed25519').publicKey };
  const lines: string[] = [];
  let agreed = 0;
  new Updates(
    source,
    settings,
    (line) => lines.push(line),
    () => agreed++,
  );
  const { answers } = electronModule.dialog;
  const messages = () => calls('showMessageBox').map(([options]) => (options as { message: string }).message);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  beforeEach(() => lines.splice(0));

  it('are neither downloaded nor installed without a yes', async () => {
    expect(updater).toMatchObject({
      autoDownload: false,
      autoInstallOnAppQuit: false,
      disableDifferentialDownload: true,
      disableWebInstaller: true,
    });
    answers.push(1, 1);
    updater.emit('update-available', { version: '2.0.0' });
    updater.emit('update-downloaded', { version: '2.0.0' });
    await settled();
    expect(messages()).toEqual(['Version 2.0.0 is there.', 'Version 2.0.0 is ready to be installed.']);
    expect(calls('downloadUpdate')).toEqual([]);
    expect(calls('quitAndInstall')).toEqual([]);
    expect(agreed).toBe(0);
    answers.push(0, 0);
    updater.emit('update-available', { version: '2.0.0' });
    updater.emit('update-downloaded', { version: '2.0.0' });
    await settled();
    expect(calls('downloadUpdate')).toHaveLength(1);
    expect(calls('quitAndInstall')).toHaveLength(1);
    // The question has said what becomes of runs; it is not asked again.
    expect(agreed).toBe(1);
  });

  it('that cannot be downloaded are told of, as a look that nobody asked for is not', async () => {
    updater.emit('error', new Error('no network'));
    await settled();
    expect(messages()).toEqual([]);
    updater.failure = new Error('cut off');
    answers.push(0);
    updater.emit('update-available', { version: '2.0.0' });
    await settled();
    updater.failure = undefined;
    expect(messages()).toEqual(['Version 2.0.0 is there.', 'The newer version could not be downloaded.']);
    updater.emit('error', new Error('no network again'));
    await settled();
    expect(messages()).toHaveLength(2);
    expect(lines).toEqual([
      'Looking for an update failed: no network',
      'Downloading an update failed: cut off',
      'Looking for an update failed: no network again',
    ]);
  });

  it('are looked for while the settings say so', async () => {
    vi.useFakeTimers();
    try {
      let checkForUpdates = false;
      new Updates(
        source,
        () => settingsSchema.parse({ checkForUpdates }),
        () => undefined,
        () => undefined,
      ).start();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(calls('checkForUpdates')).toEqual([]);
      checkForUpdates = true;
      await vi.advanceTimersByTimeAsync(24 * 3_600_000);
      expect(calls('checkForUpdates')).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the log', () => {
  it('has a line for each event, and starts again once it is long', () => {
    const folder = join(place, 'logs');
    const log = openLog(folder);
    log('one');
    log('two');
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    expect(read('main.log')).toMatch(/^\d{4}-\S+Z one\n\d{4}-\S+Z two\n$/);
    writeFileSync(join(folder, 'main.log'), 'x'.repeat(1_000_001));
    openLog(folder)('three');
    expect(read('main.log')).toMatch(/^\S+Z three\n$/);
    expect(read('main.old.log')).toHaveLength(1_000_001);
  });

  it.each([
    ["throw new Error('of a listener')", 1, /Uncaught: Error: of a listener\n\s+at /],
    ["void Promise.reject(new Error('of a promise'))", 0, /Unhandled: Error: of a promise\n\s+at /],
  ])('has what nothing catches: %s', (fault, status, line) => {
    const folder = mkdtempSync(join(place, 'uncaught-'));
    const script = `
      import { logUncaught, openLog } from '${new URL('../../../main/hosts/electron/log-file.ts', import.meta.url).href}';
      logUncaught(openLog(${JSON.stringify(folder)}));
      setTimeout(() => { ${fault}; });`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(status);
    expect(readFileSync(join(folder, 'main.log'), 'utf8')).toMatch(line);
  });

  it('that cannot be written to stops nothing', () => {
    writeFileSync(join(place, 'a-file'), '');
    expect(() => openLog(join(place, 'a-file', 'logs'))('lost')).not.toThrow();
  });
});

describe('the menu', () => {
  const items = (template: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    template.flatMap((item) => [item, ...items(Array.isArray(item.submenu) ? item.submenu : [])]);

  it.each(['linux', 'darwin', 'win32'] as const)('has every action with its keys on %s', (platform) => {
    const gone: string[] = [];
    const nothing = () => undefined;
    const actions = { openFile: nothing, openHome: nothing, openLogs: nothing, checkForUpdates: nothing };
    const all = items(menuTemplate(platform, true, { ...actions, go: (hash) => gone.push(hash) }));
    const keys = all.flatMap(({ accelerator }) => (accelerator ? [String(accelerator)] : []));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining(['CommandOrControl+N', 'CommandOrControl+O', 'CommandOrControl+,']));
    for (const label of ['New experiment', 'Settings…', 'Runs', 'Datasets', 'Models']) {
      (all.find((item) => item.label === label)!.click as () => void)();
    }
    expect(gone).toEqual(['#/new/task', '#/settings', '#/runs', '#/datasets', '#/models']);
    expect(all.filter(({ role }) => role === 'quit')).toHaveLength(1);
    expect(all.some(({ role }) => role === 'toggleDevTools' || role === 'reload')).toBe(false);
  });
});

describe('files', () => {
  it('of ours are found among the arguments of a start', () => {
    expect(fileAmong(['/app', '--flag', 'run.cupbearer'], '/runs/1')).toBe('/runs/1/run.cupbearer');
    expect(fileAmong(['/app', '/x.txt'], '/')).toBeUndefined();
    expect(fileAmong(['/x.cupbearer'], '/')).toBeUndefined();
  });

  it('that come before the program is ready are opened once it is', () => {
    const files = new HandedFiles();
    const opened: string[] = [];
    const hand = (file: string) => app.emit('open-file', { preventDefault: () => undefined }, file);
    hand('/early.cupbearer');
    files.openWith((file) => opened.push(file));
    hand('/late.cupbearer');
    expect(opened).toEqual(['/early.cupbearer', '/late.cupbearer']);
  });

  it('that mark a run show it', async () => {
    const { application, client } = temporaryApplication();
    const { ids } = await client.drafts.start({ draft: tinyDraft() });
    await runsEnded(client, ids);
    const { folder } = (await client.runs.get({ id: ids[0]! })).record;
    const gone: string[] = [];
    await openRunFile(join(folder, runMarker.name), application, (hash) => gone.push(hash));
    expect(gone).toEqual([`#/runs/${ids[0]}`]);
    expect(calls('addRecentDocument')).toEqual([[join(folder, runMarker.name)]]);
  }, 60_000);

  it('that mark no run are told of', async () => {
    const { application } = temporaryApplication();
    const gone: string[] = [];
    await openRunFile(join(place, 'run.cupbearer'), application, (hash) => gone.push(hash));
    expect(gone).toEqual([]);
    expect(calls('showMessageBox')).toEqual([[expect.objectContaining({ type: 'error' })]]);
  });
});

describe('printing', () => {
  const cancelled = (url: string): boolean => {
    let how = { cancel: false };
    printing.requests!({ url }, (given) => (how = given));
    return how.cancel;
  };
  const served = (url: string) => printing.pages!({ url } as Request);
  const pageWith = (text: string) => {
    const file = join(mkdtempSync(join(place, 'page-')), 'file');
    writeFileSync(file, text);
    return file;
  };

  it('loads the page and what it embeds, and nothing else', async () => {
    const shown: { url: string; text: string; others: boolean[] }[] = [];
    WindowStandIn.whileLoading = async (url) => {
      const others = [
        url.replace(/[^/]*$/, 'another'),
        `${url}?`,
        'https://example.org/a.png',
        `https://example.org/?${url}`,
        'file:///etc/passwd',
        'file:///tmp/cupbearer-print-1/report.html',
        'file:///home/me/secret?cupbearer-print-',
        'app://cupbearer/index.html',
        'blob:app://print/1',
      ].map(cancelled);
      expect([cancelled(url), cancelled('data:image/png;base64,AAAA')]).toEqual([false, false]);
      shown.push({ url, text: await (await served(url)).text(), others });
    };
    const pdfs = await Promise.all([printPdf(pageWith('<p>One</p>')), printPdf(pageWith('<p>Two</p>'))]);
    expect(pdfs.map((pdf) => new TextDecoder().decode(pdf))).toEqual(['%PDF', '%PDF']);
    expect(shown.map(({ text }) => text)).toEqual(['<p>One</p>', '<p>Two</p>']);
    for (const { others } of shown) expect(others).toEqual(Array(9).fill(true));
    // Once printed, a page is not served to anything any more.
    for (const { url } of shown) {
      expect(cancelled(url)).toBe(true);
      expect((await served(url)).status).toBe(404);
    }
    expect(calls('destroy')).toHaveLength(2);
  });

  it('runs no scripts and grants nothing', async () => {
    await printPdf(pageWith('<p>A report</p>'));
    const [window] = WindowStandIn.all;
    expect(window!.options).toMatchObject({
      show: false,
      webPreferences: { javascript: false, sandbox: true, contextIsolation: true, nodeIntegration: false },
    });
    expect(printing.handlers.check!(null, 'media', 'app://print/1', {} as never)).toBe(false);
    expect(printing.handlers.check!(null, 'clipboard-sanitized-write', 'app://print/1', {} as never)).toBe(false);
  });

  it('leaves no file behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('cupbearer-print-'));
    WindowStandIn.whileLoading = async () => {
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith('cupbearer-print-'))).toEqual(before);
    };
    await printPdf(pageWith('<p>A report</p>'));
  });
});
