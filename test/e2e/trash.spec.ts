import { existsSync } from 'node:fs';
import { tinyDraft } from './drafts.ts';
import { finishedRuns } from './finished-runs.ts';
import { experimentEnded, type Program } from './program.ts';
import { expect, faultsByAxe, go, test, type Page } from './test.ts';

test.use({ own: 'trash' });
test.beforeEach(() => test.setTimeout(240_000));

/** A classifier with a detector, and an experiment of two detectors with two seeds, done once for this file. */
let done: { runs: string[]; experiment: string } | undefined;

async function finished({ client }: Program): Promise<{ runs: string[]; experiment: string }> {
  if (done) return done;
  const runs = await finishedRuns(client, tinyDraft({ epochs: 1 }));
  const draft = { ...tinyDraft({ epochs: 1, detectors: ['max-softmax', 'knn'] }), seeds: 2, name: 'Two corners' };
  const { experiment } = await client.drafts.start({ draft });
  expect(await experimentEnded(client, experiment ?? '')).toBe(6);
  return (done = { runs, experiment: experiment ?? '' });
}

const table = (page: Page) => page.getByRole('grid', { name: 'Trash' });
const rows = (page: Page) => table(page).locator('tr[aria-selected]');
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' });
const link = (page: Page) => page.getByRole('navigation', { name: 'Main' }).getByRole('link').last();
const rowOf = (page: Page, id: string) => page.locator(`tr[data-run="${id}"]`);

async function chooseFromMenu(page: Page, button: string, name: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('menuitem', { name }).click();
}

test('the trash is the last of the rail, and says what it is while it is empty', async ({ page }) => {
  await link(page).click();
  await expect(page).toHaveURL(/#\/trash$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Trash' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Empty trash' })).toHaveCount(0);
  expect(await faultsByAxe(page)).toEqual([]);
});

test('a run that was deleted comes back by the key, not while one types, and then from the trash', async ({
  page,
  program,
}) => {
  const { runs } = await finished(program);
  const id = runs[1]!;
  const { record } = await program.client.runs.get({ id });
  await go(page, `#/runs/${id}`);
  await chooseFromMenu(page, 'More', 'Move to trash');
  await expect(rowOf(page, runs[0]!)).toBeVisible();
  await expect(messages(page)).toContainText('Moved to trash');
  await expect(rowOf(page, id)).toHaveCount(0);
  expect(existsSync(record.folder)).toBe(false);
  await expect(link(page)).toContainText('1');

  const field = page.getByRole('combobox', { name: 'Filter runs' });
  await field.fill('knn');
  await field.press('ControlOrMeta+z');
  await field.fill('');
  await field.press('Escape');
  await expect(rowOf(page, runs[0]!)).toBeVisible();
  await expect(rowOf(page, id)).toHaveCount(0);
  await page.getByRole('heading', { level: 1, name: 'Runs' }).click();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(rowOf(page, id)).toBeVisible();
  await expect(messages(page)).toContainText('Undone. Moved to trash');
  expect(existsSync(record.folder)).toBe(true);

  await program.client.runs.remove({ ids: [id] });
  await page.reload();
  await go(page, '#/trash');
  await expect(rows(page)).toHaveCount(1);
  await rows(page).getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  await messages(page).getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(new RegExp(`#/runs/${id}`));
});

test('an experiment that is locked stays, and unlocked goes to the trash and comes back whole', async ({
  page,
  program,
}) => {
  const { experiment } = await finished(program);
  await go(page, '#/experiments');
  await chooseFromMenu(page, 'More for Two corners', 'Lock');
  await expect(page.getByRole('row', { name: /Two corners/ }).getByText('Locked')).toBeAttached();
  await chooseFromMenu(page, 'More for Two corners', 'Move to trash');
  await expect(messages(page)).toContainText('The experiment "Two corners" is locked.');
  await expect(messages(page)).toContainText('"Unlock" in its menu takes the lock off.');
  await chooseFromMenu(page, 'More for Two corners', 'Unlock');
  await expect(page.getByRole('row', { name: /Two corners/ }).getByText('Locked')).toHaveCount(0);

  await go(page, `#/experiments/${experiment}`);
  await expect(page.getByRole('heading', { level: 1, name: 'Two corners' })).toBeVisible();
  await chooseFromMenu(page, 'More', 'Move to trash');
  await expect(messages(page)).toContainText('Moved to trash: Two corners, 6 runs');
  await go(page, '#/trash');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('Two corners Experiment, 6 runs');
  await expect(rows(page)).toContainText(/\d+(\.\d)?\s[kM]B/);
  await expect(rows(page)).toContainText(/30\s*days/);
  expect(await faultsByAxe(page)).toEqual([]);

  await table(page).focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('region', { name: 'Selection' })).toContainText('1 selected');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  const view = await program.client.experiments.view({ id: experiment, metric: 'auroc' });
  expect(view.summary.counts).toEqual({ total: 6, done: 6, running: 0, failed: 0 });
});

test('what is in the trash is deleted for good one by one, and all of it, after asking', async ({ page, program }) => {
  const { runs, experiment } = await finished(program);
  const folders = await Promise.all(runs.map(async (id) => (await program.client.runs.get({ id })).record.folder));
  await program.client.runs.remove({ ids: runs });
  await program.client.experiments.remove({ id: experiment });
  done = undefined;
  await go(page, '#/trash');
  await expect(rows(page)).toHaveCount(3);
  const dialog = page.getByRole('dialog');
  await table(page).focus();
  await page.keyboard.press('Delete');
  await expect(dialog).toContainText('Delete it for good?');
  expect(await faultsByAxe(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(rows(page)).toHaveCount(3);

  await page.getByRole('checkbox', { name: 'Select Two corners' }).check();
  await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'Delete for good' }).click();
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole('row', { name: /Two corners/ })).toHaveCount(0);

  await page.getByRole('button', { name: 'Empty trash' }).click();
  await expect(dialog).toContainText(/2 items, .+ on disk/);
  await dialog.getByRole('button', { name: 'Empty trash' }).click();
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  for (const folder of folders) expect(existsSync(folder)).toBe(false);
});
