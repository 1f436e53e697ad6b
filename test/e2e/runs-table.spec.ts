import { tinyDraft } from './drafts.ts';
import { runsEnded } from './program.ts';
import { expect, go, test, type Page } from './test.ts';

const seeded = 40;
test.use({ seeded });

const grid = (page: Page) => page.getByRole('grid', { name: 'Runs' });
const rows = (page: Page) => grid(page).locator('tr[data-run]');
const foot = (page: Page) => page.getByRole('region', { name: 'Selection' });
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' });

async function filterBy(page: Page, query: string): Promise<void> {
  const field = page.getByRole('combobox', { name: 'Filter runs' });
  await field.fill(query);
  // Or its suggestions would lie over the rows.
  await field.press('Escape');
}

async function chooseFromFoot(page: Page, name: string): Promise<void> {
  await foot(page).getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name }).click();
}

test('rows are put in order by a column, both ways', async ({ page }) => {
  const head = (name: string) => grid(page).getByRole('columnheader', { name });
  const aurocs = async () => {
    const texts = await rows(page).allInnerTexts();
    return texts.map((text) => Number(/\.\d{3}/.exec(text)![0]));
  };
  await expect(rows(page).first()).toBeVisible();
  await head('AUROC').getByRole('button').click();
  await expect(head('AUROC')).toHaveAttribute('aria-sort', 'descending');
  await expect(foot(page)).toContainText('by AUROC, descending');
  const falling = await aurocs();
  expect(falling.length).toBeGreaterThan(10);
  expect(falling).toEqual([...falling].sort((a, b) => b - a));
  await head('AUROC').getByRole('button').click();
  await expect(head('AUROC')).toHaveAttribute('aria-sort', 'ascending');
  const rising = await aurocs();
  expect(rising).toEqual([...rising].sort((a, b) => a - b));
  expect(rising[0]).toBeLessThan(falling[0]!);

  await head('Detector').getByRole('button').click();
  await expect(head('Detector')).toHaveAttribute('aria-sort', 'ascending');
  await expect(head('AUROC')).not.toHaveAttribute('aria-sort', /./);
  await expect(rows(page).first()).toContainText('isolation-forest');
});

test('columns are chosen, and stay as they were chosen', async ({ page }) => {
  const heads = grid(page).getByRole('columnheader');
  const choose = async (name: string) => {
    await page.getByRole('button', { name: 'Choose columns' }).click();
    await page.getByRole('menuitemcheckbox', { name, exact: true }).click();
    await page.keyboard.press('Escape');
  };
  await expect(heads.filter({ hasText: 'Model' })).toHaveCount(1);
  await expect(heads.filter({ hasText: 'Seed' })).toHaveCount(0);
  await choose('Seed');
  await choose('Model');
  await expect(heads.filter({ hasText: 'Seed' })).toHaveCount(1);
  await expect(heads.filter({ hasText: 'Model' })).toHaveCount(0);
  await page.reload();
  await expect(heads.filter({ hasText: 'Seed' })).toHaveCount(1);
  await expect(heads.filter({ hasText: 'Model' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await expect(page.getByRole('menuitemcheckbox', { name: 'AUROC', exact: true })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
});

/** Of a page's element, what is used here. */
interface Box {
  scrollLeft: number;
  scrollWidth: number;
  clientWidth: number;
}

for (const width of [800, 1024, 1440])
  test(`every column that is chosen is there at ${width} px, and the task can be followed`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await expect(rows(page).first()).toBeVisible();
    const menu = page.getByRole('menu');
    await page.getByRole('button', { name: 'Choose columns' }).click();
    for (const name of ['Seed', 'Tags', 'Attack', 'Notes']) {
      const entry = page.getByRole('menuitemcheckbox', { name, exact: true });
      if ((await entry.getAttribute('aria-checked')) === 'false') await entry.click();
      await expect(entry).toHaveAttribute('aria-checked', 'true');
    }
    const checked = await page.getByRole('menuitemcheckbox', { checked: true }).allInnerTexts();
    await page.keyboard.press('Escape');
    await expect(menu).toHaveCount(0);
    const heads = grid(page).getByRole('columnheader');
    for (const name of checked) await expect(heads.filter({ hasText: name.trim() }).first()).toBeAttached();
    const scroller = page.locator('.scroller').first();
    const [least, seen] = await scroller.evaluate(
      ({ scrollWidth, clientWidth }: Box) => [scrollWidth, clientWidth] as const,
    );
    expect(least >= seen).toBe(true);
    await scroller.evaluate((element: Box) => void (element.scrollLeft = element.scrollWidth));
    await expect(heads.filter({ hasText: 'Notes' })).toBeInViewport();
    await scroller.evaluate((element: Box) => void (element.scrollLeft = 0));
    const link = rows(page).first().getByRole('link').first();
    expect((await link.boundingBox())!.width).toBeGreaterThan(38);
    await link.click();
    await expect(page).toHaveURL(/#\/runs\/.+/);
  });

test('the palette leads to screens, commands and runs, and shortcuts are listed', async ({ page }) => {
  await expect(rows(page).first()).toBeVisible();
  const jump = page.getByPlaceholder('A screen, an experiment, a run or a command');
  await page.keyboard.press('Control+k');
  await jump.fill('datas');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Datasets' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await jump.fill('dark theme');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('Control+k');
  await jump.fill('detector:spectral tag:paper');
  await expect(page.getByText('Nothing found.')).toBeVisible();
  await jump.fill('detector:spectral');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/runs\/20260101-/);
  await expect(page.getByRole('main')).toContainText('spectral');
  await go(page, '#/runs');
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.getByRole('combobox', { name: 'Filter runs' })).toBeFocused();
  await page.keyboard.press('Escape');
  await grid(page).focus();
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list).toContainText('Jump to a screen, an experiment, a run or a command');
  await page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
});

test('runs that go on and wait say their place in line, are found by filters, and are not archived', async ({
  page,
  program,
}) => {
  const start = async () => (await program.client.drafts.start({ draft: tinyDraft({ epochs: 400 }) })).ids;
  const [running] = await start();
  const second = await start();
  const third = await start();
  const row = (id: string | undefined) => grid(page).locator(`tr[data-run="${id}"]`);
  await expect(row(running)).toContainText('Epoch', { timeout: 60_000 });
  // The first experiment's detector is next: it waits for its classifier.
  await expect(row(second[0])).toContainText('2nd in line');
  await expect(row(second[1])).toContainText('3rd in line');
  await expect(row(third[0])).toContainText('4th in line');

  await filterBy(page, 'status:queued');
  await expect(foot(page)).toContainText(/^\s*5\s+runs/);
  await expect(grid(page)).toContainText(/Not finished\s*1\s*outside of the filter/);
  await filterBy(page, 'status:running');
  await expect(foot(page)).toContainText(/^\s*1\s+run/);
  await page.getByRole('checkbox', { name: 'Select all matching runs' }).check();
  await expect(foot(page)).toContainText('1 run selected');
  await chooseFromFoot(page, 'Archive');
  await expect(messages(page)).toContainText('Still running, left as it is');
  await expect(messages(page)).toContainText('A run is archived once it has ended.');
  await filterBy(page, '');
  await expect(row(running)).toBeVisible();
  expect((await program.client.runs.get({ id: running! })).record.archived).toBe(false);

  const all = [running!, ...second, ...third];
  await program.client.runs.cancel({ ids: all });
  await runsEnded(program.client, all);
});

test('where all runs are archived it is said how to see them', async ({ page }) => {
  await expect(rows(page).first()).toBeVisible();
  const count = Number(/(\d+)\s+runs/.exec(await foot(page).innerText())![1]);
  expect(count).toBeGreaterThanOrEqual(seeded);
  await grid(page).focus();
  await page.keyboard.press('Control+a');
  await expect(foot(page)).toContainText(`${count} runs selected`);
  await chooseFromFoot(page, 'Archive');
  await expect(page.getByRole('heading', { name: `All ${count} runs are archived` })).toBeVisible();
  await expect(foot(page)).toContainText(`0 runs and ${count} archived`);
  await page.getByRole('button', { name: 'Show archived runs' }).click();
  await expect(foot(page)).toContainText(new RegExp(`^\\s*${count}\\s+runs`));
  await expect(rows(page).first()).toBeVisible();
});
