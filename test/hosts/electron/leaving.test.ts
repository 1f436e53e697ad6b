import { existsSync } from 'node:fs';
import type { BrowserWindow } from 'electron';
import { beforeEach, expect, it, vi } from 'vitest';
import type { LiveState } from '../../../shared/domain/live.ts';
import { app, asked, calls, electronModule, TrayStandIn, WindowStandIn } from './electron-stand-in.ts';

vi.mock('electron', () => electronModule);

const { Leaving } = await import('../../../main/hosts/electron/leaving.ts');

beforeEach(() => {
  asked.length = 0;
  electronModule.dialog.answers.length = 0;
});

const run: LiveState = {
  id: 'a',
  phase: 'Training',
  done: 1,
  total: 10,
  note: null,
  remainingMs: null,
  queuePosition: null,
  waitsFor: null,
};
const { answers } = electronModule.dialog;
const settled = () => new Promise((resolve) => setImmediate(resolve));
const [background, quit, stay] = [0, 1, 2];

/** A program with runs that have not ended, and what Electron asks before it goes. */
function start(count: number, platform: NodeJS.Platform = 'linux') {
  app.removeAllListeners();
  electronModule.powerMonitor.removeAllListeners();
  const listeners = new Set<() => void>();
  const program = { closed: 0, live: Array.from({ length: count }, () => run) };
  const before = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };
  const leaving = new Leaving({
    runs: {
      get live() {
        return program.live;
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    close: async () => void program.closed++,
    log: () => undefined,
    platform,
    lingerMs: 0,
  });
  const signals = (['SIGINT', 'SIGTERM'] as const).map(
    (name) => [name, process.listeners(name).find((listener) => !before[name].includes(listener))!] as const,
  );
  // The signals of this process are the test runner's.
  for (const [name, listener] of signals) process.off(name, listener);
  const window = new WindowStandIn({});
  leaving.guard(window as unknown as BrowserWindow);
  const isPrevented = (emitter: NodeJS.EventEmitter, event: string) => {
    let was = false;
    emitter.emit(event, { preventDefault: () => (was = true) });
    return was;
  };
  return {
    leaving,
    program,
    window,
    signal: (name: string) => (signals.find(([known]) => known === name)![1] as () => void)(),
    /** Whether the window stays open when it is closed. */
    close: () => isPrevented(window, 'close'),
    /** Whether the program stays when it is quit. */
    quit: () => isPrevented(app, 'before-quit'),
    endRuns: () => {
      program.live = [];
      for (const listener of listeners) listener();
    },
  };
}

it('closes the catalogue first, and asks nothing where no run goes on', async () => {
  const { close, quit: leave, program } = start(0);
  expect(close()).toBe(false);
  expect(leave()).toBe(true);
  await settled();
  expect([program.closed, calls('quit').length]).toEqual([1, 1]);
  expect(leave()).toBe(false);
  expect(calls('showMessageBox')).toEqual([]);
});

it('asks before it takes runs along, and stays if that is the answer', async () => {
  const { quit: leave, program, window } = start(2);
  answers.push(stay);
  expect(leave()).toBe(true);
  await settled();
  expect(calls('showMessageBox')).toEqual([
    [expect.objectContaining({ message: '2 runs have not ended.', cancelId: stay })],
  ]);
  expect([program.closed, calls('quit').length, calls('hide').length]).toEqual([0, 0, 0]);
  // The same for the window, with which the program would go.
  answers.push(stay);
  expect(window.emit('close', { preventDefault: () => undefined })).toBe(true);
  expect(calls('quit')).toHaveLength(1);
});

it('cancels them if that is the answer, and asks once however often it is told to go', async () => {
  const { quit: leave, program } = start(1);
  answers.push(quit);
  expect([leave(), leave()]).toEqual([true, true]);
  await settled();
  expect(calls('showMessageBox')).toEqual([[expect.objectContaining({ message: 'A run has not ended.' })]]);
  expect([program.closed, calls('quit').length]).toEqual([1, 1]);
  expect(leave()).toBe(false);
});

it('goes on in the background, from where it comes back', async () => {
  const { quit: leave, leaving, program } = start(1);
  answers.push(background);
  leave();
  await settled();
  expect([calls('hide').length, calls('tray').length, program.closed]).toEqual([1, 1, 0]);
  expect(existsSync(calls('tray')[0]![0] as string)).toBe(true);
  leaving.comeBack();
  expect([calls('show').length, calls('tray.destroy').length]).toEqual([1, 1]);
  leaving.comeBack();
  expect(calls('show')).toHaveLength(1);
});

it('ends in the background after the last run, and only there', async () => {
  const inView = start(1);
  inView.endRuns();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(calls('quit')).toEqual([]);
  const { quit: leave, endRuns } = start(1);
  answers.push(background);
  leave();
  await settled();
  endRuns();
  await vi.waitFor(() => expect(calls('quit')).toHaveLength(1));
});

it('asks in the background as well, without a window to ask in', async () => {
  const { quit: leave } = start(1);
  answers.push(background, background, quit);
  leave();
  await settled();
  TrayStandIn.last!.emit('click');
  expect(calls('show')).toHaveLength(1);
  leave();
  await settled();
  leave();
  await settled();
  const buttons = calls('showMessageBox').map(([options]) => (options as { buttons: string[] }).buttons.length);
  expect(buttons).toEqual([3, 3, 2]);
  expect(calls('quit')).toHaveLength(1);
});

it.each(['SIGINT', 'SIGTERM'])('asks nothing after a %s, and ends at once after a second', async (name) => {
  const { signal, quit: leave, close, program } = start(1);
  signal(name);
  expect(calls('quit')).toHaveLength(1);
  expect(leave()).toBe(true);
  expect(close()).toBe(false);
  await settled();
  expect([program.closed, calls('showMessageBox').length]).toEqual([1, 0]);
  signal(name);
  expect(calls('exit')).toEqual([[130]]);
});

it('asks nothing at the end of the session, or where it was agreed before', async () => {
  const ended = [
    () => electronModule.powerMonitor.emit('shutdown'),
    ({ window }: ReturnType<typeof start>) => window.emit('session-end'),
    ({ leaving }: ReturnType<typeof start>) => leaving.agree(),
  ];
  for (const end of ended) {
    const program = start(1);
    end(program);
    program.quit();
    await settled();
    expect(program.program.closed).toBe(1);
  }
  expect(calls('showMessageBox')).toEqual([]);
});

it('goes to the background on macOS without the window, which was closed before', async () => {
  const { quit: leave, leaving, window, program } = start(1, 'darwin');
  window.isDestroyed = () => true;
  window.hide = window.show = () => {
    throw new Error('Object has been destroyed');
  };
  answers.push(background);
  leave();
  await settled();
  leaving.comeBack();
  // The dock shows that it runs.
  expect([calls('tray').length, program.closed]).toEqual([0, 0]);
  answers.push(quit);
  leave();
  await settled();
  expect(program.closed).toBe(1);
});

it('lets a window close on macOS, where the program and its runs stay', () => {
  expect(start(1, 'darwin').close()).toBe(false);
  expect(start(1, 'win32').close()).toBe(true);
});
