import { existsSync } from 'node:fs';
import { tinyDraft } from './drafts.ts';
import { finishedRuns } from './finished-runs.ts';
import { runsEnded, type Program } from './program.ts';
import { cancelRun, expect, go, test, type Page } from './test.ts';

/** A classifier and two detectors, done once for this file. */
let ids: string[] | undefined;

async function threeRuns({ client }: Program): Promise<string[]> {
  return (ids ??= await finishedRuns(client, tinyDraft({ detectors: ['mahalanobis', 'knn'] })));
}

const rowOf = (page: Page, id: string) => page.locator(`tr[data-run="${id}"]`);
const foot = (page: Page) => page.getByRole('region', { name: 'Selection' });
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' });
const head = (page: Page) => page.getByRole('main');

async function chooseFromMenu(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name }).click();
}

async function filterBy(page: Page, query: string): Promise<void> {
  const field = page.getByRole('combobox', { name: 'Filter runs' });
  await field.click();
  await field.fill(query);
  // Or its suggestions would lie over the rows.
  await field.press('Escape');
}

test.beforeEach(() => test.setTimeout(180_000));

test.describe('a training that was cut off', () => {
  test('is resumed after it was cancelled, and after it failed, and is set up again with changes', async ({
    page,
    program,
  }) => {
    const epochs = 400;
    const draft = { ...tinyDraft({ epochs }), detectors: ['mahalanobis'].map((name) => ({ name })) };
    const started = await program.client.drafts.start({ draft });
    const id = started.ids[0]!;
    await go(page, `#/runs/${id}`);
    const going = page.getByRole('main').getByRole('progressbar', { name: /Epoch/ });
    // What a training goes on from is there once an epoch is over.
    await expect(going).toHaveAccessibleName(/Epoch (?:[2-9]|\d{2,3})\//, { timeout: 60_000 });
    await cancelRun(page);
    await expect(page.getByRole('heading', { name: 'This run was cancelled' })).toBeVisible();
    await expect(page.getByRole('tabpanel')).toContainText('checkpoint.safetensors');

    await page.getByRole('banner').or(head(page)).getByRole('button', { name: 'Resume' }).first().click();
    await expect(going).toBeVisible({ timeout: 60_000 });
    process.kill((await program.computeProcesses())[0]!, 'SIGKILL');
    await expect(page.getByRole('heading', { name: 'This run failed' })).toBeVisible();
    await expect(page.getByRole('tabpanel')).toContainText('was ended by SIGKILL');

    await chooseFromMenu(page, 'Run with changes');
    await expect(page.getByRole('heading', { level: 1, name: 'New experiment' })).toBeVisible();
    await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: 'Model' }).click();
    await expect(page.getByRole('textbox', { name: 'Epochs' })).toHaveValue(String(epochs));

    await go(page, `#/runs/${id}`);
    await page.getByRole('tabpanel').getByRole('button', { name: 'Resume' }).click();
    await expect(going).toBeVisible({ timeout: 60_000 });
    expect(await runsEnded(program.client, [id])).toEqual(['done']);
    await expect(head(page)).toContainText('Done');
    await page.getByRole('tab', { name: 'Training' }).click();
    await expect(page.getByRole('tabpanel')).toContainText(String(epochs));
  });
});

test('several runs are cancelled, resumed and repeated from the table', async ({ page, program }) => {
  const { client } = program;
  const { ids: started } = await client.drafts.start({ draft: { ...tinyDraft({ epochs: 4000 }), tags: ['bulk'] } });
  const [training = ''] = started;
  const statuses = async (all: readonly string[]) =>
    Promise.all(all.map(async (id) => (await client.runs.get({ id })).record.status));
  await go(page, '#/runs');
  await filterBy(page, 'tag:bulk');
  // What a training goes on from is there once an epoch is over.
  await expect(rowOf(page, training).getByRole('progressbar')).toBeVisible({ timeout: 60_000 });
  await expect.poll(() => client.runs.get({ id: training }).then(({ files }) => files.some(({ name }) => name === 'checkpoint.safetensors')), { timeout: 60_000 }).toBe(true); // prettier-ignore

  for (const id of started) await rowOf(page, id).getByRole('checkbox').check();
  await expect(foot(page)).toContainText('2 runs selected');
  await foot(page)
    .getByRole('button', { name: /^Cancel/ })
    .click();
  expect(await runsEnded(client, started)).toEqual(['cancelled', 'cancelled']);

  await expect(foot(page).getByRole('button', { name: /^Cancel/ })).toBeHidden();
  await foot(page)
    .getByRole('button', { name: /^Resume/ })
    .click();
  await expect(messages(page)).toContainText('Resumed');
  await expect.poll(() => statuses(started), { timeout: 60_000 }).toEqual(['running', 'queued']);
  await foot(page)
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await runsEnded(client, started);

  const before = (await client.runs.get({ id: training })).record.created_at;
  await foot(page)
    .getByRole('button', { name: /^Repeat/ })
    .click();
  await expect(messages(page)).toContainText('Repeated: 2 runs');
  await messages(page).getByRole('button', { name: 'Undo' }).click();
  expect((await client.runs.get({ id: training })).record.created_at).toBe(before);
  expect(await statuses(started)).toEqual(['cancelled', 'cancelled']);
});

test('a run is deleted where it is shown, brought back, and deleted for good', async ({ page, program }) => {
  await threeRuns(program);
  const [classifier] = ids!;
  const { ids: copies } = await program.client.drafts.start({
    draft: { ...tinyDraft({ detectors: ['knn'] }), classifier: { source: 'run', run: classifier! } },
  });
  await runsEnded(program.client, copies);
  const id = copies[0]!;
  const { record } = await program.client.runs.get({ id });
  const remove = async () => {
    await go(page, `#/runs/${id}`);
    await chooseFromMenu(page, 'Move to trash');
    await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
    await expect(rowOf(page, id)).toHaveCount(0);
    expect(existsSync(record.folder)).toBe(false);
  };
  await remove();
  await messages(page).getByRole('button', { name: 'Undo' }).click();
  await expect(rowOf(page, id)).toBeVisible();
  expect(existsSync(record.folder)).toBe(true);

  await remove();
  await messages(page).getByRole('button', { name: 'Dismiss' }).click();
  await page.reload();
  await expect(rowOf(page, classifier!)).toBeVisible();
  await expect(rowOf(page, id)).toHaveCount(0);
  await go(page, `#/runs/${id}`);
  await expect(page.getByRole('heading', { name: 'There is no such run' })).toBeVisible();
});

test('tags and notes are written by dialog, for one run and for several', async ({ page, program }) => {
  const [, first, second] = await threeRuns(program);
  await go(page, `#/runs/${first!}`);
  await chooseFromMenu(page, 'Tags');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'New tag' }).fill('paper');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect(dialog.getByRole('button', { name: 'Remove tag paper' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(head(page)).toContainText('paper');

  await chooseFromMenu(page, 'Notes');
  await dialog.getByRole('textbox', { name: 'Notes' }).fill('To be **checked** again.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  await page.reload();
  await chooseFromMenu(page, 'Notes');
  await expect(dialog.getByRole('textbox', { name: 'Notes' })).toHaveValue('To be **checked** again.');
  await page.keyboard.press('Escape');

  await go(page, '#/runs');
  for (const id of [first!, second!]) await rowOf(page, id).getByRole('checkbox').check();
  await foot(page).getByRole('button', { name: 'Tag' }).click();
  await page.getByRole('textbox', { name: 'New tag' }).fill('both');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  for (const id of [first!, second!]) await expect(rowOf(page, id)).toContainText('both');
  await page.getByRole('button', { name: 'Remove tag both' }).click();
  for (const id of [first!, second!]) await expect(rowOf(page, id)).not.toContainText('both');
  await messages(page).getByRole('button', { name: 'Undo' }).last().click();
  for (const id of [first!, second!]) await expect(rowOf(page, id)).toContainText('both');
  await page.keyboard.press('Escape');
  await filterBy(page, 'tag:both notes:checked');
  await expect(rowOf(page, first!)).toBeVisible();
  await expect(rowOf(page, second!)).toHaveCount(0);
});

test('runs are pinned and archived, and found again by filters', async ({ page, program }) => {
  const [, first, second] = await threeRuns(program);
  await go(page, `#/runs/${first!}`);
  await chooseFromMenu(page, 'Pin to the top');
  await expect(head(page)).toContainText('pinned');
  await go(page, '#/runs');
  await expect(rowOf(page, first!)).toContainText('Pinned');
  await filterBy(page, 'is:pinned');
  await expect(rowOf(page, second!)).toHaveCount(0);
  await filterBy(page, '');

  await rowOf(page, second!).getByRole('checkbox').check();
  await foot(page).getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  await expect(rowOf(page, second!)).toHaveCount(0);
  await filterBy(page, 'is:archived');
  await expect(rowOf(page, second!)).toBeVisible();
  await expect(rowOf(page, first!)).toHaveCount(0);
  await rowOf(page, second!).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Take out of the archive' }).click();
  await expect(rowOf(page, second!)).toHaveCount(0);
  await filterBy(page, '');
  await expect(rowOf(page, second!)).toBeVisible();
});
