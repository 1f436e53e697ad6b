import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyDraft } from './drafts.ts';
import { experimentEnded, runsEnded, startProgram, temporaryHome, type Program } from './program.ts';
import { expect, faultsByAxe, go, inElectron, test, type Page } from './test.ts';

// One after another on one program: each goes on where the one before has left it.
test.describe.configure({ mode: 'serial', retries: 0 });
test.use({ own: 'plugins', flags: ['--root', '/', '--allow-plugins'] });
test.beforeEach(() => test.setTimeout(300_000));

/** A Python that plugins can run in; undefined where none has numpy. */
const python = [process.env['PYTHON'], 'python3', 'python'].find((command) => {
  if (command === undefined) return false;
  try {
    execFileSync(command, ['-c', 'import sys, numpy; assert sys.version_info >= (3, 10)'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const table = (page: Page) => page.getByRole('table', { name: 'Plugins' });
const rowOf = (page: Page, id: string) => table(page).locator(`[data-plugin="${id}"]`);
const panel = (page: Page) => page.locator('section.side');
const allow = (page: Page) => panel(page).getByRole('button', { name: 'Allow this version' });

async function makePlugin(
  page: Page,
  program: Program,
  id: string,
  language: 'Python' | 'TypeScript',
): Promise<string> {
  const folder = join(program.home, 'research');
  mkdirSync(folder, { recursive: true });
  await go(page, '#/plugins');
  await page.getByRole('banner').or(page.locator('header.head')).getByRole('button', { name: 'New plugin' }).click();
  const dialog = page.getByRole('dialog', { name: 'New plugin' });
  await dialog.getByRole('radio', { name: language }).click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill(id);
  await dialog.getByRole('textbox', { name: 'In folder' }).fill(folder);
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(dialog).toHaveCount(0);
  return join(folder, id);
}

/** Saves a file with something in it in the place of something else, as an editor does. */
function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
}

test('without plugins the screen teaches what they are', async ({ page }) => {
  await page.getByRole('link', { name: 'Plugins' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Plugins' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'No plugins yet' })).toBeVisible();
  expect(await faultsByAxe(page)).toEqual([]);
  await page.locator('header.head').getByRole('button', { name: 'How to write one' }).click();
  await expect(page.getByRole('dialog', { name: 'How to write a plugin' })).toContainText('npx cupbearer new detector');
  await page.keyboard.press('Escape');
});

test('a detector in TypeScript is made, and nothing of it runs before it is allowed', async ({ page, program }) => {
  const folder = await makePlugin(page, program, 'ts-idea', 'TypeScript');
  expect(existsSync(join(folder, 'cupbearer.plugin.json'))).toBe(true);
  const row = rowOf(page, 'ts-idea');
  await expect(row).toContainText('To allow');
  await expect(row.getByRole('switch')).toBeDisabled();
  await expect(panel(page).getByRole('heading', { name: 'Allow ts-idea 0.1.0?' })).toBeVisible();
  await expect(panel(page)).toContainText('Nothing of it has run yet.');
  await expect(panel(page)).toContainText(folder);
  expect(await faultsByAxe(page)).toEqual([]);
  const known = await program.client.drafts.definitions({});
  expect(known.flatMap(({ definitions }) => definitions.map(({ id }) => id))).not.toContain('ts-idea');

  // No key pressed in the list allows anything.
  await row.getByRole('link', { name: 'ts-idea' }).focus();
  for (const key of ['Enter', 'Enter', 'Space', 'Enter']) await page.keyboard.press(key);
  await expect(allow(page)).not.toBeFocused();
  await expect(row).toContainText('To allow');
  await panel(page).getByRole('button', { name: 'Read the files' }).click();
  await expect(page.getByRole('dialog', { name: 'Files of ts-idea' })).toContainText('cupbearer.plugin.json');
  await page.keyboard.press('Escape');

  await expect(panel(page).getByRole('checkbox', { name: /I develop this folder myself/ })).toBeChecked();
  await allow(page).click();
  await expect(row).toContainText('Watched');
  await expect(row.getByRole('switch')).toBeChecked();
  await expect(table(page)).toContainText(/(\d+) of \1 checks pass/);
  expect(await faultsByAxe(page)).toEqual([]);
});

test('a detector in Python runs in an environment that was chosen for it', async ({ page, program }) => {
  test.skip(python === undefined, 'no Python 3.10 or later with numpy');
  await makePlugin(page, program, 'py-idea', 'Python');
  const runsIn = panel(page).getByRole('button', { name: 'Runs in' }).or(panel(page).getByLabel('Runs in'));
  await expect(runsIn.first()).toContainText('Python 3.');
  await expect(panel(page)).toContainText('Has numpy');
  await allow(page).click();
  await expect(rowOf(page, 'py-idea')).toContainText('Watched');
  await expect(rowOf(page, 'py-idea')).toContainText('Python 3.');
  await expect(table(page).locator('.more')).toHaveCount(2);
  await expect(table(page).locator('.more').first()).toContainText(/(\d+) of \1 checks pass/);
});

test('both stand in the matrix of the quick suite beside the built-in ones', async ({ page, program }) => {
  const { client } = program;
  const ids = python === undefined ? ['ts-idea'] : ['ts-idea', 'py-idea'];
  const { id } = await client.experiments.startSuite({ suite: 'quick' });
  await client.experiments.stop({ id });
  await go(page, `#/experiments/${id}`);
  await page.getByRole('link', { name: 'Extend' }).click();
  await page.getByRole('link', { name: /Detectors/ }).click();
  for (const detector of ids) {
    const card = page.getByRole('checkbox', { name: new RegExp(`^${detector},`) });
    await card.check();
    await expect(page.getByRole('listitem').filter({ has: card })).toContainText('plugin');
  }
  const draft = await client.drafts.fromExperiment({ id });
  await client.drafts.start({ draft: { ...draft, detectors: [...draft.detectors, ...ids.map((name) => ({ name }))] } });
  await client.experiments.stop({ id });
  const cells = [...ids, 'mahalanobis', 'max-softmax'].map((detector) => ({ detector, task: 'Corner' }));
  await client.experiments.start({ id, cells });
  await experimentEnded(client, id);
  const { matrix } = await client.experiments.view({ id, metric: 'auroc' });
  for (const { detector } of cells) {
    const row = matrix.detectors.findIndex(({ label }) => label === detector);
    expect(matrix.cells[row]?.[0]?.state).toBe('done');
  }
  await go(page, `#/experiments/${id}`);
  for (const detector of ids) {
    const head = page.getByRole('rowheader', { name: new RegExp(`^${detector} plugin`) });
    await expect(head).toContainText('plugin');
    await head.getByRole('checkbox', { name: /Live row/ }).check();
  }
  await go(page, '#/plugins/ts-idea');
  await expect(table(page).getByRole('link', { name: 'Live row in Quick suite' })).toHaveCount(ids.length);
});

test('a save computes the live row again, and an error says its line', async ({ page, program }) => {
  const { client } = program;
  const folder = join(program.home, 'research', 'ts-idea');
  const { entry } = JSON.parse(readFileSync(join(folder, 'cupbearer.plugin.json'), 'utf8')) as { entry: string };
  const file = join(folder, entry);
  const before = readFileSync(file, 'utf8');
  const id = (await nextExperiment(program))!;
  const runsOf = async () => {
    const { matrix } = await client.experiments.view({ id, metric: 'auroc' });
    const row = matrix.detectors.findIndex(({ label }) => label === 'ts-idea');
    return { row: matrix.detectors[row], seeds: matrix.cells[row]?.[0]?.seeds ?? [] };
  };
  const first = await runsOf();
  await go(page, `#/experiments/${id}`);
  writeFileSync(file, `${before}\n// Another content.\n`);
  await expect
    .poll(async () => (await runsOf()).row?.plugin?.hash, { timeout: 60_000 })
    .not.toBe(first.row?.plugin?.hash);
  await expect
    .poll(async () => (await runsOf()).seeds.every(({ state }) => state === 'done'), { timeout: 120_000 })
    .toBe(true);
  const second = await runsOf();
  expect(second.seeds.map(({ run }) => run)).not.toEqual(first.seeds.map(({ run }) => run));

  await go(page, `#/runs/${first.seeds[0]!.run}`);
  await expect(page.getByText(/The plugin ts-idea .* has changed since/)).toBeVisible();

  await go(page, '#/plugins/ts-idea');
  writeFileSync(file, `${before}\nconst = 3;\n`);
  const row = rowOf(page, 'ts-idea');
  await expect(row).toContainText('Error');
  const line = before.split('\n').length + 1;
  await expect(table(page)).toContainText(`${entry}, line ${line}`);
  await expect(table(page).locator('pre')).toContainText('const = 3;');
  expect(await faultsByAxe(page)).toEqual([]);
  writeFileSync(file, before);
  await expect(row).toContainText('Watched');
});

test('a plugin that is turned off fails what waits for it with the reason', async ({ page, program }) => {
  const { client } = program;
  const slow = await client.drafts.start({ draft: tinyDraft({ epochs: 40, detectors: ['ts-idea'] }) });
  await go(page, '#/plugins/ts-idea');
  const row = rowOf(page, 'ts-idea');
  await row.getByRole('switch').uncheck();
  await expect(row).toContainText('Off');
  const known = await client.drafts.definitions({});
  expect(known.flatMap(({ definitions }) => definitions.map(({ id }) => id))).not.toContain('ts-idea');
  expect(await runsEnded(client, slow.ids)).toEqual(['done', 'failed']);
  const { record } = await client.runs.get({ id: slow.ids[1]! });
  expect(record.error?.message).toContain('ts-idea');
  await row.getByRole('switch').check();
  await expect(row).toContainText('Watched');
});

test('a plugin from a folder asks again once it has changed, and is removed', async ({ page, program }) => {
  const folder = await makePlugin(page, program, 'someones', 'TypeScript');
  await panel(page)
    .getByRole('checkbox', { name: /I develop this folder myself/ })
    .uncheck();
  await allow(page).click();
  const row = rowOf(page, 'someones');
  await expect(row).toContainText('Ready');
  edit(join(folder, 'cupbearer.plugin.json'), '"0.1.0"', '"0.2.0"');
  await panel(page).getByRole('button', { name: 'Reload' }).click();
  await expect(row).toContainText('To allow');
  await expect(panel(page)).toContainText(/You allowed 0\.1\.0 on .*; 1 file has changed since\./);
  await panel(page).getByRole('button', { name: 'Read the changes' }).click();
  const changes = page.getByRole('dialog', { name: 'Changes in someones' });
  await expect(changes.locator('.added')).toContainText('0.2.0');
  await page.keyboard.press('Escape');
  await panel(page).getByRole('button', { name: 'Keep off' }).click();
  await expect(row.getByRole('switch')).not.toBeChecked();
  await panel(page).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(row).toHaveCount(0);
  expect(existsSync(folder)).toBe(true);
});

test('a server that was not told to allow plugins runs none, and says how', async ({ page }) => {
  test.skip(inElectron, 'the desktop program needs no switch');
  const { home, remove } = temporaryHome();
  const other = await startProgram(home);
  try {
    await page.goto(await other.link());
    await go(page, '#/plugins');
    await expect(page.getByText('npx cupbearer serve --allow-plugins')).toBeVisible();
    await expect(page.locator('header.head').getByRole('button', { name: 'New plugin' })).toBeDisabled();
    expect(await faultsByAxe(page)).toEqual([]);
    const refused = other.client.plugins.add({ from: 'folder', folder: home });
    await expect(refused).rejects.toThrow('Plugins are off on this server.');
  } finally {
    await other.stop();
    remove();
  }
});

/** The experiment that there is. */
async function nextExperiment({ client }: Program): Promise<string | undefined> {
  for await (const { experiments } of await client.experiments.watch({})) return experiments[0]?.id;
  return undefined;
}
