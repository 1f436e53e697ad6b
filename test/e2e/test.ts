import { _electron, test as base, type Page } from '@playwright/test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { electronBinary } from '../../main/hosts/electron/start.ts';
import { startProgram, temporaryHome, type Program } from './program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Whether these tests drive Electron itself instead of a browser. */
export const inElectron = process.env['CUPBEARER_E2E'] === 'electron';

interface FileFixtures {
  /** The program that all tests of a file share. */
  program: Program;
}

interface TestFixtures {
  /** The program's page, signed in. */
  page: Page;
}

/** A test with a program of its own for its file. */
export const test = base.extend<TestFixtures, FileFixtures>({
  program: [
    // Playwright reads the names of what a fixture needs off its first parameter.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const { home, remove } = temporaryHome();
      const program = await startProgram(home);
      await use(program);
      await program.stop();
      remove();
    },
    { scope: 'worker' },
  ],
  page: async ({ program, page }, use) => {
    if (!inElectron) {
      await page.goto(await program.link());
      await use(page);
      return;
    }
    const desktop = await _electron.launch({
      executablePath: electronBinary(join(root, 'node_modules', 'electron'))!,
      args: [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
      // The catalogue is that of the program, which does not mind a second one on it.
      env: { ...(process.env as Record<string, string>), CUPBEARER_HOME: program.home },
    });
    await use(await desktop.firstWindow());
    await desktop.close();
  },
});

export { expect, type Page } from '@playwright/test';
