import { readFileSync, rmSync } from 'node:fs';
import { tinyDraft } from './drafts.ts';
import { experimentEnded, type Program } from './program.ts';
import { expect, faultsByAxe, go, test, type Page } from './test.ts';

test.use({ own: 'experiments' });

/** An experiment of two detectors with two seeds, that has ended, done once for this file. */
let finished: string | undefined;

async function finishedExperiment({ client }: Program): Promise<string> {
  if (finished !== undefined) return finished;
  const draft = { ...tinyDraft({ epochs: 1, detectors: ['mahalanobis', 'knn'] }), seeds: 2 };
  const { experiment } = await client.drafts.start({ draft });
  expect(await experimentEnded(client, experiment ?? '')).toBe(6);
  return (finished = experiment ?? '');
}

test.beforeEach(() => test.setTimeout(240_000));

const matrix = (page: Page) => page.getByRole('grid', { name: 'Results: detectors by tasks' });
const cells = (page: Page) => matrix(page).locator('td[aria-selected]');
/** The id of the experiment whose page is shown. */
const shownId = (page: Page) => /#\/experiments\/([\w-]+)/.exec(page.url())?.[1] ?? '';

test('there is none at first, which says what one is and offers those that ship with the program', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Experiments' }).click();
  const main = page.getByRole('main');
  await expect(main.getByRole('heading', { name: 'No experiments yet' })).toBeVisible();
  await expect(main).toContainText('every detector on every task');
  await expect(main.getByRole('button', { name: 'Start Quick' })).toBeVisible();
  expect(await faultsByAxe(page)).toEqual([]);
});

test('several detectors with two seeds are set up, fill the matrix, and lead to their runs', async ({
  page,
  program,
  saved,
  clipboard,
}) => {
  await program.client.drafts.storeDraft({ draft: tinyDraft({ epochs: 1, detectors: ['mahalanobis', 'knn'] }) });
  await go(page, '#/new/detectors');
  const seeds = page.getByRole('textbox', { name: 'Seeds' });
  await expect(seeds).toHaveValue('1', { timeout: 60_000 });
  const plan = page.getByRole('region', { name: 'Plan' });
  await expect(plan).toContainText('2 to compute');
  await expect(plan).toContainText('1 to train');
  await seeds.fill('none');
  await expect(page.getByText('Must be a whole number from 1 to 1000.')).toBeVisible();
  await seeds.fill('2');
  await expect(plan).toContainText('4 to compute');
  await expect(plan).toContainText('2 to train');
  await page.getByRole('button', { name: 'Next: Evaluation' }).click();
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Two corners');
  await page.getByRole('button', { name: 'Start' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Two corners' })).toBeVisible({ timeout: 60_000 });
  finished = shownId(page);
  await expect(matrix(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('main')).toContainText('6 of 6 runs done', { timeout: 180_000 });
  await expect(cells(page)).toHaveCount(2);
  await expect(cells(page).filter({ hasText: /^[01]\.\d{3}/ })).toHaveCount(2);
  await expect(page.getByRole('main')).toContainText('Nothing is left to compute.');

  await test.step('a cell has a line a seed, which opens its run', async () => {
    await cells(page).nth(1).click();
    const details = page.getByRole('region', { name: /^knn on / });
    const lines = details.getByRole('link', { name: /^seed \d .*\d\.\d{3}/ });
    await expect(lines).toHaveCount(2);
    await lines.first().click();
    await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('knn');
    await page.goBack();
    await expect(matrix(page)).toBeVisible();
  });

  await test.step('another metric is another address, and stays there', async () => {
    await page.getByRole('radio', { name: 'AP', exact: true }).click();
    await expect.poll(() => page.url()).toContain('metric=average_precision');
    await page.reload();
    await expect(page.getByRole('radio', { name: 'AP', exact: true })).toBeChecked();
    await expect(cells(page).filter({ hasText: /^[01]\.\d{3}/ })).toHaveCount(2);
  });

  await test.step('the table that is shown is saved and copied', async () => {
    const choose = async (name: RegExp) => {
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name }).click();
    };
    const { name, path } = await saved(() => choose(/^LaTeX booktabs/));
    expect(name).toMatch(/\.tex$/);
    const latex = readFileSync(path, 'utf8');
    expect(latex).toContain('\\toprule');
    expect(latex).toContain('knn');
    await choose(/Copy table/);
    await expect(page.getByText('Table copied.')).toBeVisible();
    await expect.poll(clipboard).toMatch(/knn\t/);
  });
});

test('the matrix is one stop for Tab, keys move in it, show a cell and sort', async ({ page, program }) => {
  await go(page, `#/experiments/${await finishedExperiment(program)}`);
  await expect(cells(page)).toHaveCount(2);
  await matrix(page).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(cells(page).nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('region', { name: /^knn on / })).toBeVisible();
  for (const key of ['ArrowUp', 'ArrowUp', 'End', 'Enter']) await page.keyboard.press(key);
  await expect(matrix(page).getByRole('columnheader', { name: 'Mean' })).toHaveAttribute('aria-sort', 'descending');
  await page.keyboard.press('Enter');
  await expect(matrix(page).getByRole('columnheader', { name: 'Mean' })).toHaveAttribute('aria-sort', 'ascending');
  await page.keyboard.press('Tab');
  await expect(matrix(page)).not.toBeFocused();
});

test('what is looked at is in the address: layers, the chosen cell and the order come back', async ({
  page,
  program,
}) => {
  const id = await finishedExperiment(program);
  await go(page, `#/experiments/${id}`);
  await expect(cells(page)).toHaveCount(2);
  await page.getByRole('combobox', { name: 'Layers' }).click();
  await page
    .getByRole('option', { name: /alone.*Picked after seeing the labels/ })
    .first()
    .click();
  await expect(page.getByRole('main')).toContainText('picked after seeing the labels: what a detector finds');
  await cells(page).nth(1).click();
  await matrix(page).getByRole('button', { name: 'Mean' }).click();
  for (const part of ['layer=', 'detector=knn', 'sort=mean']) await expect.poll(() => page.url()).toContain(part);
  await page
    .getByRole('region', { name: /^knn on / })
    .getByRole('link', { name: /^seed 0 / })
    .click();
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('region', { name: /^knn on / })).toBeVisible();
  await expect(matrix(page).getByRole('columnheader', { name: 'Mean' })).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('main')).toContainText('picked after seeing the labels: what a detector finds');
});

test('the matrix is drawn as curves against layers, which can be left out, read as a table and saved', async ({
  page,
  program,
  saved,
}) => {
  await go(page, `#/experiments/${await finishedExperiment(program)}`);
  await page.getByRole('radio', { name: 'Curves' }).click();
  await page.getByRole('combobox', { name: 'Against' }).click();
  await page.getByRole('option', { name: 'Against: Layer' }).click();
  const chart = page.getByRole('img', { name: /^AUROC against layer, with 95 % intervals/ });
  await expect(chart).toHaveAccessibleName(/knn: 0\.\d{3}|knn: 1\.000/, { timeout: 60_000 });
  expect(await faultsByAxe(page)).toEqual([]);
  await page.getByRole('group', { name: 'Detectors drawn' }).getByRole('button', { name: 'knn' }).click();
  await expect(chart).not.toHaveAccessibleName(/knn/);
  const panel = page.getByRole('region', { name: 'Corner pixel' });
  const { name, path } = await saved(async () => {
    await panel.getByRole('button', { name: /: save$/ }).click();
    await page.getByRole('menuitem', { name: /^SVG/ }).click();
  });
  expect(name).toMatch(/^auroc-against-layer.*\.svg$/);
  expect(readFileSync(path, 'utf8')).toContain('mahalanobis');
  await panel.getByRole('button', { name: /show as a table/ }).click();
  await expect(page.getByRole('region', { name: /as a table/ })).toContainText('mahalanobis');
  await page.reload();
  await expect(page.getByRole('radio', { name: 'Curves' })).toBeChecked();
});

test('name, question, notes and tags are changed on its page, and back', async ({ page, program }) => {
  const id = await finishedExperiment(program);
  await go(page, `#/experiments/${id}`);
  const { summary } = await program.client.experiments.view({ id });
  await page.getByRole('button', { name: /^Edit name/ }).click();
  const dialog = page.getByRole('dialog', { name: 'About this experiment' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill(' ');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toContainText('An experiment needs a name.');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Renamed corners');
  await dialog.getByRole('textbox', { name: 'Question' }).fill('Do they hold?');
  await dialog.getByRole('textbox', { name: 'Notes' }).fill('They **do**.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Renamed corners' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Do they hold?');
  await expect(page.getByRole('region', { name: 'Notes' }).locator('strong')).toHaveText('do');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('heading', { level: 1, name: summary.name })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Extend' })).toHaveAttribute('href', `#/new/task?experiment=${id}`);
});

test('a cell that failed is repeated in its place', async ({ page, program }) => {
  // Other epochs than above, so that nothing is taken from there.
  const draft = { ...tinyDraft({ epochs: 2, detectors: ['mahalanobis', 'knn'] }), seeds: 1, name: 'Lost scores' };
  const { experiment } = await program.client.drafts.start({ draft });
  const id = experiment ?? '';
  expect(await experimentEnded(program.client, id)).toBe(3);
  // What was read once is remembered: the page has to read another figure.
  const { matrix: results } = await program.client.experiments.view({ id, metric: 'tpr_at_5' });
  const { record } = await program.client.runs.get({ id: results.cells[1]?.[0]?.seeds[0]?.run ?? '' });
  rmSync(record.folder, { recursive: true });
  await go(page, `#/experiments/${id}?metric=fpr_at_95`);
  await cells(page).nth(1).click();
  const details = page.getByRole('region', { name: /^knn on / });
  await expect(details).toContainText('failed');
  await details.getByRole('button', { name: 'Repeat' }).click();
  await expect(details).not.toContainText('failed', { timeout: 120_000 });
  await expect(details.getByRole('button', { name: 'Repeat' })).toHaveCount(0);
});

test('neither the list nor the page has a fault that axe knows of, in either theme', async ({ page, program }) => {
  for (const hash of ['#/experiments', `#/experiments/${await finishedExperiment(program)}`]) {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await go(page, hash);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.skeleton, [aria-busy="true"]')).toHaveCount(0, { timeout: 60_000 });
    expect.soft(await faultsByAxe(page), hash).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect.soft(await faultsByAxe(page, { rules: 'colours' }), `${hash}, dark`).toEqual([]);
  }
});

test('an experiment is stopped, goes on where it was, and is taken off the list', async ({ page, program }) => {
  const draft = { ...tinyDraft({ epochs: 10, detectors: ['mahalanobis'] }), seeds: 3, name: 'Three corners' };
  const { experiment } = await program.client.drafts.start({ draft });
  const id = experiment ?? '';
  await go(page, `#/experiments/${id}`);
  const main = page.getByRole('main');
  await expect(main).toContainText(/[1-4] of 6 runs done/, { timeout: 120_000 });
  await main.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(main.getByRole('button', { name: 'Resume' })).toBeVisible({ timeout: 60_000 });
  await expect(main).toContainText('Nothing is computed until the experiment is started.');
  const { summary } = await program.client.experiments.view({ id });
  expect(summary.counts.done).toBeLessThan(6);

  await go(page, '#/experiments');
  const row = main.getByRole('row', { name: /Three corners/ });
  await expect(row).toContainText('Stopped');
  await expect(row).toContainText('1 task × 1 detector × 3 seeds');
  await row.getByRole('button', { name: 'Resume Three corners' }).click();
  await expect(row).toContainText('Running');
  expect(await experimentEnded(program.client, id)).toBe(6);
  await expect(row).toContainText('6 of 6');
  await expect(row).toContainText('Done');

  await row.getByRole('button', { name: 'More for Three corners' }).click();
  await page.getByRole('menuitem', { name: /Take off the list/ }).click();
  await expect(row).toHaveCount(0);
  await expect(page.getByText('Its runs and its folder stay.')).toBeVisible();
  await go(page, `#/experiments/${id}`);
  await expect(main).toContainText('This experiment could not be read');
  await main.getByRole('link', { name: 'All experiments' }).click();
  await expect(main.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
});

test('the queue is paused, put in another order, and goes on', async ({ page, program }) => {
  const draft = { ...tinyDraft({ epochs: 10, detectors: ['mahalanobis'] }), seeds: 3, name: 'Paused corners' };
  const { experiment } = await program.client.drafts.start({ draft });
  await go(page, `#/experiments/${experiment ?? ''}`);
  const queue = page.getByRole('region', { name: 'Queue' });
  await queue.getByRole('button', { name: 'Pause' }).click();
  const main = page.getByRole('main');
  await expect(main).toContainText('Paused: What is being computed is finished; nothing else begins.');
  await expect(queue.locator('li.running')).toHaveCount(0, { timeout: 60_000 });
  const order = () => queue.getByRole('listitem').allInnerTexts();
  const before = await order();
  await queue
    .getByRole('button', { name: /^Compute next: / })
    .last()
    .click();
  await expect.poll(order).not.toEqual(before);
  expect(await faultsByAxe(page)).toEqual([]);
  await queue.getByRole('button', { name: 'Resume' }).click();
  await expect(main).toContainText('6 of 6 runs done', { timeout: 180_000 });
});

test('cancelling a classifier asks, because cells wait for it', async ({ page, program }) => {
  const draft = { ...tinyDraft({ epochs: 5000, detectors: ['mahalanobis', 'knn'] }), name: 'Long corner', seeds: 2 };
  const { experiment } = await program.client.drafts.start({ draft });
  const id = experiment ?? '';
  await go(page, `#/experiments/${id}`);
  const queue = page.getByRole('region', { name: 'Queue' });
  await queue
    .getByRole('link', { name: /^Classifier, / })
    .first()
    .click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  const question = page.getByRole('dialog', { name: 'Cancel this training?' });
  await expect(question).toContainText('2 runs wait for it and will not be computed.');
  expect(await faultsByAxe(page)).toEqual([]);
  await question.getByRole('button', { name: 'Keep running' }).click();
  await expect(question).toBeHidden();
  await expect(page.getByRole('button', { name: 'Cancel', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await question.getByRole('button', { name: 'Cancel anyway' }).click();
  await expect(page.getByRole('main')).toContainText('Cancelled', { timeout: 60_000 });
  await program.client.experiments.stop({ id });
});
