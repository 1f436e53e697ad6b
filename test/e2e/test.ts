import { _electron, test as base, type Page } from '@playwright/test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { electronBinary } from '../../main/hosts/electron/start.ts';
import { seedRuns } from '../seeded-runs.ts';
import { startProgram, temporaryHome, type Program } from './program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Whether these tests drive Electron itself instead of a browser. */
export const inElectron = process.env['CUPBEARER_E2E'] === 'electron';

interface FileFixtures {
  /** How many made-up runs are in the catalogue before the program starts. */
  seeded: number;
  /** The program that all tests of a file share. */
  program: Program;
}

interface TestFixtures {
  /** The program's page, signed in. */
  page: Page;
}

/** A test with a program of its own for its file. */
export const test = base.extend<TestFixtures, FileFixtures>({
  seeded: [0, { option: true, scope: 'worker' }],
  program: [
    async ({ seeded }, use) => {
      const { home, remove } = temporaryHome();
      if (seeded > 0) seedRuns(home, seeded);
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

/** Shows a screen of the program by its address ("#/runs"), without loading the page again. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.goto(new URL(hash, page.url()).href);
}
