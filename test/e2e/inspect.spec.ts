import { tinyDraft } from './drafts.ts';
import { runsEnded, type Program } from './program.ts';
import { expect, faultsByAxe, go, test, type Page } from './test.ts';

/** A classifier and a detector, done once for this file. */
let ids: readonly string[] | undefined;

async function finishedRuns({ client }: Program): Promise<readonly string[]> {
  if (ids) return ids;
  const started = await client.drafts.start({ draft: tinyDraft() });
  expect(await runsEnded(client, started.ids)).toEqual(['done', 'done']);
  ids = started.ids;
  return ids;
}

test.beforeEach(async ({ program }) => {
  test.setTimeout(240_000);
  await finishedRuns(program);
});

const dialogOf = (page: Page) => page.getByRole('dialog', { name: /^(Clean|Triggered) sample \d+$/ });
const inAddress = (page: Page, name: string) => new URLSearchParams(page.url().split('?')[1]).get(name);

test('a sample is inspected beside its twin, and the list that it came from is gone through', async ({ page }) => {
  await go(page, `#/runs/${ids![1]}/samples`);
  const list = page.getByRole('list').filter({ has: page.getByRole('button', { name: /^Triggered/ }) });
  const second = list.getByRole('button').nth(1);
  await second.click();
  const dialog = dialogOf(page);
  await expect(dialog.getByRole('img', { name: 'The sample as it was scored' })).toBeVisible();
  await expect(dialog.getByRole('img', { name: 'The sample before it was changed' })).toBeVisible();
  await expect(dialog).toContainText(/2 of 16: Triggered, least suspicious/);

  const likely = dialog.getByRole('table').filter({ hasText: 'Probability' });
  await expect(likely.getByRole('row', { name: /predicted/ })).toHaveCount(1);
  await expect(likely.getByRole('row', { name: /true/ })).toHaveCount(1);
  const shares = await likely.getByRole('cell', { name: /%/ }).allInnerTexts();
  const total = shares.reduce((sum, text) => sum + Number.parseFloat(text), 0);
  // Each is rounded to a tenth of a percent.
  expect(Math.abs(total - 100)).toBeLessThan(0.5);
  expect(await faultsByAxe(page, { within: '.dialog' })).toEqual([]);

  const title = await dialog.getByRole('heading').innerText();
  const sample = inAddress(page, 'sample');
  await page.keyboard.press('ArrowRight');
  await expect(dialog).toContainText('3 of 16');
  expect(inAddress(page, 'sample')).not.toBe(sample);
  await dialog.getByRole('button', { name: 'Previous' }).click();
  await expect(dialog.getByRole('heading')).toHaveText(title);
  await page.keyboard.press('ArrowLeft');
  await expect(dialog).toContainText('1 of 16');
  await expect(dialog.getByRole('button', { name: 'Previous' })).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('ArrowLeft');
  await expect(dialog).toContainText('1 of 16');

  // Passing samples leaves no steps behind: one step back is out of the dialog, one forth in it again.
  await page.goBack();
  await expect(dialog).toHaveCount(0);
  expect(page.url()).toMatch(/\/samples$/);
  await page.goForward();
  await expect(dialog).toContainText('1 of 16');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('a link leads to a sample at a layer, and a clean sample has no twin', async ({ page, program }) => {
  const id = ids![1]!;
  const result = (await program.client.runs.result({ id }))!;
  const layer = Object.keys(result.layers).find((one) => one.includes('linear_1'))!;
  await go(page, `#/runs/${id}/samples?layer=${layer}&sample=0`);
  await page.reload();
  const dialog = dialogOf(page);
  await expect(dialog).toContainText(/[\d\s]+ of [\d\s]+: All samples, by score/);
  await expect(dialog.locator('tr[aria-current]')).toContainText('linear_1');
  await expect(dialog.getByRole('row', { name: /predicted/ })).toBeVisible();
  await expect(dialog.getByRole('img')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  expect([inAddress(page, 'layer'), inAddress(page, 'sample')]).toEqual([layer, null]);
});

test('the layer of the activations stays through a reload, other tabs and steps back', async ({ page }) => {
  await go(page, `#/runs/${ids![1]}/activations`);
  const panel = page.getByRole('tabpanel');
  const layer = (name: RegExp) => page.getByRole('radio', { name });
  const planes = panel.getByRole('slider', { name: /^Samples of / });
  await expect(planes).toHaveCount(3);
  await layer(/^linear_1$/).click();
  await expect(planes).toHaveCount(1);
  await expect(planes).toHaveAccessibleName(/linear_1/);
  await page.reload();
  await expect(planes).toHaveAccessibleName(/linear_1/);
  await page.getByRole('tab', { name: 'Scores' }).click();
  await expect(layer(/^linear_1$/)).toBeChecked();
  await layer(/^linear_0$/).click();
  await page.goBack();
  await expect(layer(/^linear_1$/)).toBeChecked();
  await page.goForward();
  await expect(layer(/^linear_0$/)).toBeChecked();
});

/** Gives the captions, a class and a score each, that leave the room below their picture or lie over each other. */
const overlapping = `[...document.querySelectorAll('ol button .words')].flatMap((caption) => {
  const room = caption.closest('li').getBoundingClientRect();
  const [name, score] = [...caption.children].map((part) => part.getBoundingClientRect());
  const leaves = [name, score].some(({ left, right }) => left < room.left - 1 || right > room.right + 1);
  const meets = name.width > 0 && name.right > score.left + 1 && name.bottom > score.top + 1;
  return leaves || meets ? [caption.textContent] : [];
})`;

test('captions below pictures never overlap, however narrow the window', async ({ page }) => {
  for (const [width, zoom] of [
    [1440, 1],
    [800, 1],
    [1440, 2],
  ] as const) {
    await page.setViewportSize({ width: width / zoom, height: 900 / zoom });
    for (const tab of ['', '/samples']) {
      await go(page, `#/runs/${ids![1]}${tab}`);
      await expect(page.locator('ol button .words').first()).toBeVisible();
      const overlaps = await page.evaluate<string[]>(overlapping);
      expect(overlaps, `${width} px, ${zoom}, ${tab}`).toEqual([]);
      await expect(page.locator('ol button').first()).toHaveAttribute('title', /score/);
    }
  }
});

test('notes are seen where they were saved, as text, and changed there', async ({ page }) => {
  const id = ids![1]!;
  await go(page, `#/runs/${id}`);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Notes' }).click();
  const hostile = '<img src=x onerror="document.title=1"> [go](javascript:alert(1))';
  await page
    .getByRole('dialog')
    .getByRole('textbox')
    .fill(`Compare with **knn**, see [the paper](https://example.org/).\n\n${hostile}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  const notes = page.getByRole('region', { name: 'Notes' });
  await expect(notes.locator('strong')).toHaveText('knn');
  await expect(notes).toContainText('<img src=x onerror="document.title=1"> go');
  await expect(notes.locator('img')).toHaveCount(0);
  await expect(notes.getByRole('link')).toHaveText(['the paper']);

  await go(page, '#/runs');
  const noted = page.locator(`[data-run="${id}"]`);
  await expect(noted).toContainText('Notes: Compare with');
  await expect(page.locator(`[data-run="${ids![0]}"]`)).not.toContainText('Notes:');
  // Without a pointer as well: the row that the arrow keys have reached has its marks in the order of the Tab key.
  const mark = noted.getByText('Notes: Compare with').locator('..');
  await page.getByRole('grid').focus();
  // The newest is at the top, and the row that is noted is among the newest.
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown']) {
    if ((await mark.getAttribute('tabindex')) === '0') break;
    await page.keyboard.press(key);
  }
  await mark.focus();
  await expect(page.locator('.tooltip')).toContainText('Notes: Compare with');
  await expect(noted.locator('.noted')).toHaveAttribute('tabindex', '0');
  await page.keyboard.press('Escape');

  await go(page, `#/runs/${id}`);
  await notes.getByRole('button', { name: 'Edit notes' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(notes).toHaveCount(0);
});

test('a model is told by name, seed and data, renamed, deleted and had back', async ({ page }) => {
  const id = ids![0]!;
  await go(page, `#/models/${id}`);
  const row = page.getByRole('navigation', { name: 'Models' }).locator(`a[href="#/models/${id}"]`);
  // A model of the same set-up, seed and all, is told apart by its run.
  const told = /mlp 32-32 .*(seed 0|run \w+).*Backdoor, corner pixel, Glyphs/s;
  await expect(row).toContainText(told);
  await expect(row.getByRole('time')).toBeVisible();
  const more = page.getByRole('article').getByRole('button', { name: 'More' });
  await more.click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('The baseline');
  await page.keyboard.press('Enter');
  await expect(row).toContainText('The baseline');
  await expect(page.getByRole('heading', { name: 'The baseline' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row).toContainText(told);

  await more.click();
  await page.getByRole('menuitem', { name: 'Move to trash' }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(row).toContainText(told);
});
