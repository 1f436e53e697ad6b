import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Electron from 'electron';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { electronBinary } from '../../main/hosts/electron/start.ts';
import { clientOverDesktop } from '../hosts/desktop-client.ts';
import type { Program } from './program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What was saved from a page. */
export interface Saved {
  name: string;
  path: string;
}

declare global {
  var cupbearerSaved: Saved[];
}

/** The desktop program with its window, as a program that tests drive. */
export interface DesktopProgram extends Program {
  desktop: ElectronApplication;
  window: Page;
}

/** Starts Electron itself on the program, with this home. What pages save goes into the home, without a question. */
export async function startDesktop(home: string): Promise<DesktopProgram> {
  const { CUPBEARER_DATA: _, ...inherited } = process.env as Record<string, string>;
  const desktop = await _electron.launch({
    executablePath: electronBinary(join(root, 'node_modules', 'electron'))!,
    args: [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...inherited, CUPBEARER_HOME: home },
  });
  let output = '';
  const child = desktop.process();
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const window = await desktop.firstWindow();
  // Playwright does not hear of what Electron saves.
  await desktop.evaluate(({ session }, folder) => {
    globalThis.cupbearerSaved = [];
    session.defaultSession.on('will-download', (_event, item) => {
      const name = item.getFilename();
      const path = `${folder}/saved-${Date.now()}-${name}`;
      item.setSavePath(path);
      item.once('done', () => globalThis.cupbearerSaved.push({ name, path }));
    });
  }, home);
  return {
    home,
    child,
    desktop,
    window,
    link: () => Promise.reject(new Error('The desktop program has one window and no links.')),
    client: await clientOverDesktop((work, given) => desktop.evaluate(work as never, given) as never),
    output: () => output,
    computeProcesses: () =>
      desktop.evaluate(({ app }) =>
        app
          .getAppMetrics()
          .filter(({ name }) => name === 'Cupbearer compute process')
          .map(({ pid }) => pid),
      ),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      // It asks before it takes runs along that a test has left.
      await answerQuestions(desktop, 'Cancel them and quit');
      await desktop.close();
      await ended;
    },
  };
}

/** Has the program's native questions answered by the button of this name, without being shown. */
export async function answerQuestions(desktop: ElectronApplication, button: string): Promise<void> {
  await desktop.evaluate(({ dialog }, name) => {
    dialog.showMessageBox = async (...given: unknown[]) => {
      const { buttons = [] } = given.at(-1) as Electron.MessageBoxOptions;
      return { response: buttons.indexOf(name), checkboxChecked: false };
    };
  }, button);
}

/** What the page saved last; waits until something has been. */
export async function savedOnDesktop(desktop: ElectronApplication): Promise<Saved> {
  for (;;) {
    const saved = await desktop.evaluate(() => globalThis.cupbearerSaved.shift());
    if (saved) return saved;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
