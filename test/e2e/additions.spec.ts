import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { addColumn, addScreen, CopiedSources } from '../docs/copied-sources.ts';
import { seedRuns } from '../seeded-runs.ts';
import { inElectron } from './test.ts';
import { startProgram, temporaryHome, type WebProgram } from './program.ts';

// The screen and the column of docs/adding-a-screen.md, added to a copy of the sources as the page says, in a browser.

test.skip(inElectron, 'The copy is not compiled for Electron.');

let sources: CopiedSources;
let program: WebProgram;
let removeHome: () => void;

test.beforeAll(async () => {
  test.setTimeout(240_000);
  sources = new CopiedSources();
  addScreen(sources);
  addColumn(sources);
  await build({
    configFile: false,
    root: sources.path('renderer'),
    base: './',
    logLevel: 'error',
    plugins: [svelte({ configFile: sources.path('svelte.config.mjs') })],
    build: { outDir: sources.path('dist', 'renderer'), assetsInlineLimit: 0, minify: false },
  });
  const { home, remove } = temporaryHome();
  removeHome = remove;
  seedRuns(home, 3);
  program = await startProgram(home, 0, {}, { sources: sources.folder });
});

test.afterAll(async () => {
  await program.stop();
  removeHome();
  sources.remove();
});

test('a screen is in the rail, in the palette and at its address', async ({ page }) => {
  await page.goto(await program.link());
  const rail = page.getByRole('navigation', { name: 'Main' });
  await rail.getByRole('link', { name: 'Tags' }).click();
  await expect(page).toHaveTitle('Tags - Cupbearer');
  await expect(rail.getByRole('link', { name: 'Tags' })).toHaveAttribute('aria-current', 'page');
  await page.getByRole('navigation', { name: 'Tags' }).getByRole('link', { name: 'paper' }).click();
  expect(new URL(page.url()).hash).toBe('#/tags/paper');
  await expect(page.getByRole('list', { name: 'Runs' }).getByRole('link')).toHaveText(/mahalanobis/);

  await rail.getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveTitle('Settings - Cupbearer');
  await page.keyboard.press('Control+k');
  await page.getByRole('option', { name: 'Tags Screen' }).click();
  await expect(page).toHaveTitle('Tags - Cupbearer');
});

test('a column is chosen, filled and sorted by', async ({ page }) => {
  await page.goto(await program.link());
  const grid = page.getByRole('grid', { name: 'Runs' });
  await expect(grid.getByRole('columnheader', { name: 'Folder' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Folder' }).click();
  await page.keyboard.press('Escape');
  const cells = grid.locator(`td[title^="${join(program.home, 'runs')}"]`);
  await expect(cells).toHaveCount(3);
  const head = grid.getByRole('columnheader', { name: 'Folder' });
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  await expect(cells.first()).toHaveText(/seeded-0$/);
  await head.getByRole('button').click();
  await expect(cells.first()).toHaveText(/seeded-2$/);
});
