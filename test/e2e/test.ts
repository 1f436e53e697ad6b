import AxeBuilder from '@axe-core/playwright';
import { test as base, type Page } from '@playwright/test';
import { seedRuns } from '../seeded-runs.ts';
import { savedOnDesktop, startDesktop, type DesktopProgram, type Saved } from './desktop.ts';
import { startProgram, temporaryHome, type Program, type WebProgram } from './program.ts';

/** Whether these tests drive Electron itself instead of a browser. */
export const inElectron = process.env['CUPBEARER_E2E'] === 'electron';

interface FileFixtures {
  /** How many made-up runs are in the catalogue before the program starts. */
  seeded: number;
  /** More flags of `serve`; the desktop program takes none. */
  flags: string[];
  /** A name: files with names of their own share their program with no other file, which others do one after another. */
  own: string;
  /** The program that all tests of a file share: of the host that is tested. */
  program: Program;
}

interface TestFixtures {
  /** The program's page, signed in. */
  page: Page;
  /** The text on the clipboard. */
  clipboard: () => Promise<string>;
  /** What the page saves while something is done. */
  saved: (action: () => Promise<void>) => Promise<Saved>;
}

/** A test with a program of its own for its file. */
export const test = base.extend<TestFixtures, FileFixtures>({
  seeded: [0, { option: true, scope: 'worker' }],
  flags: [[], { option: true, scope: 'worker' }],
  own: ['', { option: true, scope: 'worker' }],
  program: [
    async ({ seeded, flags }, use) => {
      const { home, remove } = temporaryHome();
      if (seeded > 0) seedRuns(home, seeded);
      const program = inElectron ? await startDesktop(home) : await startProgram(home, 0, {}, { flags });
      await use(program);
      await program.stop();
      remove();
    },
    { scope: 'worker' },
  ],
  page: async ({ program, page }, use) => {
    if (inElectron) {
      const { window } = program as DesktopProgram;
      // Every test finds a window that nobody has used.
      await go(window, '#/settings');
      await window.evaluate('localStorage.clear()');
      await window.reload();
      await go(window, '#/runs');
      await use(window);
    } else {
      await page.goto(await program.link());
      await use(page);
    }
  },
  clipboard: async ({ program, page, context }, use) => {
    if (inElectron) {
      const { desktop } = program as DesktopProgram;
      await use(() => desktop.evaluate(({ clipboard }) => clipboard.readText()));
    } else {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await use(() => page.evaluate('navigator.clipboard.readText()'));
    }
  },
  saved: async ({ program, page }, use) => {
    await use(async (action) => {
      if (inElectron) {
        await action();
        return savedOnDesktop((program as DesktopProgram).desktop);
      }
      const [download] = await Promise.all([page.waitForEvent('download'), action()]);
      return { name: download.suggestedFilename(), path: await download.path() };
    });
  },
});

export { expect, type Page } from '@playwright/test';

/** Shows a screen of the program by its address ("#/runs"), without loading the page again. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.goto(new URL(hash, page.url()).href);
}

/** Cancels the run that is shown, for which others wait. */
export async function cancelRun(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel anyway' }).click();
}

/** The web host that a test is about. */
export function webHost(program: Program): WebProgram {
  return program as WebProgram;
}

interface AxeOptions {
  /** `colours` are the rules that a theme may break. */
  rules?: 'all' | 'colours';
  /** A selector; the whole page where left out. */
  within?: string | undefined;
}

/** What axe finds on the page that breaks a rule of WCAG 2.2 AA, as text. */
export async function faultsByAxe(page: Page, { rules = 'all', within }: AxeOptions = {}): Promise<string[]> {
  const builder = new AxeBuilder({ page });
  const axe =
    rules === 'all'
      ? builder.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      : builder.withRules(['color-contrast', 'link-in-text-block']);
  if (within !== undefined) axe.include(within);
  // Otherwise it opens a page of its own, which Electron does not let it.
  const { violations } = await axe.setLegacyMode(inElectron).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => node.html).join('\n')}`);
}
