import { tinyDraft } from './drafts.ts';
import { runsEnded } from './program.ts';
import { expect, go, test } from './test.ts';

let ids: string[] | undefined;

test.beforeEach(async ({ program: { client } }) => {
  test.setTimeout(180_000);
  if (ids) return;
  ({ ids } = await client.drafts.start({ draft: tinyDraft() }));
  expect(await runsEnded(client, ids)).toEqual(['done', 'done']);
});

test('a filter that is not understood is named with what is, and shows nothing', async ({ page }) => {
  const field = page.getByRole('combobox', { name: 'Filter runs' });
  const run = page.locator(`[data-run="${ids![1]}"]`);
  for (const [query, says] of [
    ['is:deleted', 'takes pinned, archived or damaged'],
    ['auroc>abc', '“abc” is not a number; write it as in auroc>0.9.'],
  ] as const) {
    await field.fill(query);
    await field.press('Enter');
    await expect(page.getByRole('status').filter({ hasText: query })).toContainText(says);
    await expect(run).toHaveCount(0);
    await page.getByRole('button', { name: 'Clear all filters' }).click();
    await expect(run).toBeVisible();
  }
  // While its value is being typed a term says nothing yet.
  await field.fill('auroc>');
  await expect(run).toBeVisible();
  await field.fill('');
});

test('commas separate tags in every field, and one that is too long is found fault with', async ({ page, program }) => {
  await go(page, `#/runs/${ids![1]}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Tags' }).click();
  const dialog = page.getByRole('dialog', { name: 'Tags' });
  const field = dialog.getByRole('textbox', { name: 'New tags' });
  await expect(dialog).toContainText('Separated by commas, at most 60 characters each.');
  await field.fill('x'.repeat(61));
  await expect(dialog).toContainText('A tag has at most 60 characters');
  await field.fill('paper, seed 0');
  await field.press('Enter');
  await expect
    .poll(async () => (await program.client.runs.get({ id: ids![1]! })).record.tags)
    .toEqual(['paper', 'seed 0']);
  await page.keyboard.press('Escape');

  await program.client.drafts.storeDraft({ draft: tinyDraft() });
  await go(page, '#/new/review');
  await page.getByRole('textbox', { name: 'Tags' }).fill('one two, three');
  await expect.poll(async () => (await program.client.drafts.storedDraft({}))?.tags).toEqual(['one two', 'three']);
});

test('columns that are added stand in the table, which scrolls sideways, and their menu closes by Escape', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1024, height: 700 });
  const table = page.getByRole('grid', { name: 'Runs' });
  const added = ['Seed', 'Engine', 'AP', 'TPR at 1 %', 'Accuracy', 'Notes'];
  const choose = async () => {
    await page.getByRole('button', { name: 'Choose columns' }).click();
    for (const name of added) await page.getByRole('menuitemcheckbox', { name, exact: true }).click();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
  };
  await choose();
  for (const name of added) await expect(table.getByRole('columnheader', { name, exact: true })).toHaveCount(1);
  const task = table.getByRole('columnheader', { name: 'Task' });
  const link = page.locator(`[data-run="${ids![1]}"]`).getByRole('link').first();
  expect((await task.boundingBox())!.width).toBeGreaterThanOrEqual(120);
  await table.evaluate((element: { parentElement: { scrollLeft: number; scrollWidth: number } }) => {
    element.parentElement.scrollLeft = element.parentElement.scrollWidth;
  });
  // The task stays in sight.
  await expect(task).toBeInViewport();
  await expect(link).toBeInViewport();
  await choose();
});

test('the task and its link keep their width in a window of 800 pixels', async ({ page }) => {
  await page.setViewportSize({ width: 800, height: 700 });
  const link = page.locator(`[data-run="${ids![1]}"]`).getByRole('link').first();
  expect((await link.boundingBox())!.width).toBeGreaterThan(50);
});

test('the wizard can be used at twice the size', async ({ page }) => {
  await page.setViewportSize({ width: 720, height: 450 });
  await go(page, '#/new/task');
  const data = page.getByRole('combobox', { name: 'Training data' });
  await expect(data).toBeInViewport();
  expect((await data.boundingBox())!.width).toBeGreaterThan(200);
  const steps = page.getByRole('navigation', { name: 'Steps' }).locator('b');
  for (const step of await steps.all())
    expect(
      await step.evaluate(
        (element: { scrollWidth: number; clientWidth: number }) => element.scrollWidth - element.clientWidth,
      ),
    ).toBe(0);
});

test('the classifier of an experiment is chosen by a click into its field', async ({ page, program }) => {
  const draft = { ...tinyDraft(), classifier: { source: 'run' as const, run: ids![0]! } };
  await program.client.drafts.storeDraft({ draft });
  await go(page, '#/new/model');
  await page.getByRole('combobox', { name: 'Classifier' }).click();
  await expect(page.getByRole('option', { name: /Classifier mlp 32-32/ }).first()).toBeVisible();
  await page.keyboard.press('Escape');
});

test('notes stand under the title once they are saved', async ({ page, program }) => {
  await program.client.runs.change({ ids: [ids![1]!], notes: 'Look at the sevens again' });
  await go(page, `#/runs/${ids![1]}`);
  const notes = page.getByRole('region', { name: 'Notes' });
  await expect(notes).toContainText('Look at the sevens again');
  await notes.getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('dialog', { name: 'Notes' })).toBeVisible();
});

test('what was wrong with other files is not said of those that are chosen next', async ({ page }) => {
  await go(page, '#/models');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import a model' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('mine');
  const file = (name: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from('{}') });
  await dialog.getByLabel('Files of the model').setInputFiles([file('model.json')]);
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('Files of the model').setInputFiles([file('model.json'), file('spec.json')]);
  await expect(dialog.getByRole('alert')).toHaveCount(0);
});
