import { expect, go, test, type Page } from './test.ts';

const seeded = 40;
test.use({ seeded });

const tree = (page: Page) => page.getByRole('treegrid', { name: 'Runs' });
const groups = (page: Page) => tree(page).locator('tr[data-group]');
const runs = (page: Page) => tree(page).locator('tr[data-run]');
const foot = (page: Page) => page.getByRole('region', { name: 'Selection' });
const group = (page: Page, name: string) => tree(page).locator(`tr[data-group="${name}"]`).first();

test('runs are grouped by fields, and groups are folded, selected and opened by keys', async ({ page }) => {
  await page.getByRole('button', { name: 'Group by' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Detector' }).click();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/#\/runs\?group=detector/);
  await expect(group(page, 'que')).toContainText('8');
  // The seeds of this home differ in setting only by trigger: two of each, one a seed.
  await expect(group(page, 'que')).toHaveAttribute('aria-expanded', 'true');
  const all = await groups(page).count();

  await tree(page).focus();
  const first = groups(page).first();
  await expect(first).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('ArrowLeft');
  await expect(first).toHaveAttribute('aria-expanded', 'false');
  expect(await groups(page).count()).toBeLessThan(all);
  await page.keyboard.press('Space');
  await expect(foot(page)).toContainText('8 runs selected');
  await page.keyboard.press('ArrowRight');
  await expect(first.getByRole('checkbox')).toBeChecked();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  // One line less: its group is mixed now.
  await expect(foot(page)).not.toContainText('8 runs selected');
  expect(await first.getByRole('checkbox').evaluate((box: { indeterminate: boolean }) => box.indeterminate)).toBe(true);
});

test('a setting shows the mean of its seeds with its spread, several settings a range and no mean', async ({
  page,
}) => {
  await go(page, '#/runs?group=detector');
  await expect(group(page, 'knn')).toContainText(/\d\.\d{3} to \d\.\d{3}/);
  const setting = tree(page).locator('tr[data-group][aria-level="2"]').first();
  await expect(setting).toContainText(/\d\.\d{3}\s*±\s\.\d{3}/);
  await setting.getByRole('button', { name: /^Unfold/ }).click();
  const seeds = tree(page).locator('tr[data-run][aria-level="3"]');
  await expect(seeds.first()).toContainText(/seed \d+/);
});

test('a click on a row opens its run, and going back finds the table as it was', async ({ page }) => {
  await go(page, '#/runs?filter=detector:knn&group=task&sort=-auroc');
  await expect(page.getByRole('button', { name: 'Remove filter detector:knn' })).toBeVisible();
  await tree(page)
    .getByRole('button', { name: /^Unfold/ })
    .first()
    .click();
  const row = runs(page).first();
  const id = await row.getAttribute('data-run');
  await row.locator('td').nth(2).click();
  await expect(page).toHaveURL(new RegExp(`#/runs/${id}`));
  await page.goBack();
  await expect(page).toHaveURL(/filter=detector:knn&group=task&sort=-auroc/);
  await expect(runs(page).first()).toHaveAttribute('data-run', id!);
});

test('any parameter is a column, a filter and a field to group by', async ({ page }) => {
  await go(page, '#/runs');
  const grid = page.getByRole('grid', { name: 'Runs' });
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.getByRole('menuitem', { name: /Any field or figure/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Columns' });
  await dialog.getByRole('textbox', { name: 'Add a column' }).fill('trigger');
  await dialog
    .getByRole('button', { name: /^Add .*Trigger$/ })
    .first()
    .click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  const path = 'task.backdoor';
  const head = grid.locator(`th[data-column="${path}"]`);
  await expect(head).toContainText('Trigger');
  await expect(grid.locator('tr[data-run]').first()).toContainText(/corner|noise|blended|wanet/);
  await expect(page).toHaveURL(/columns=[^&]*task\.backdoor/);

  await head.getByRole('button', { name: 'Trigger', exact: true }).press('Shift+ArrowLeft');
  const places = () => grid.locator('th[data-column]').evaluateAll((heads: { dataset: { column: string } }[]) => heads.map(({ dataset }) => dataset.column)); // prettier-ignore
  await expect.poll(async () => (await places()).indexOf(path)).toBe((await places()).indexOf('duration') - 1);
  const width = async () => (await head.boundingBox())!.width;
  const before = await width();
  await head.getByRole('button', { name: 'Trigger', exact: true }).press('+');
  await expect.poll(width).toBeGreaterThan(before + 8);

  const field = page.getByRole('combobox', { name: 'Filter runs' });
  await field.fill(`${path}:wanet`);
  await field.press('Escape');
  await expect(foot(page)).toContainText(/^\s*10\s+runs/);
  // The address follows once typing pauses.
  await expect(page).toHaveURL(/filter=task\.backdoor:wanet/);
  await page.reload();
  await expect(foot(page)).toContainText(/^\s*10\s+runs/);
  await expect(grid.locator('tr[data-run]').first()).toContainText('wanet');

  await head.getByRole('button', { name: /^Remove the column/ }).click();
  await expect(head).toHaveCount(0);
});

test('columns are dragged to another place and width', async ({ page }) => {
  await go(page, '#/runs?columns=status,task,detector,model,auroc,when');
  const head = (id: string) => page.getByRole('grid', { name: 'Runs' }).locator(`th[data-column="${id}"]`);
  await expect(head('model')).toBeVisible();
  const centre = async (id: string) => {
    const { x, y, width, height } = (await head(id).boundingBox())!;
    return { x: x + width / 2, y: y + height / 2, left: x, right: x + width };
  };
  const [from, to] = [await centre('model'), await centre('status')];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.left + 4, to.y, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/columns=model,status,task/);
  // The drag has sorted nothing.
  await expect(page).not.toHaveURL(/sort=/);
  const edge = await centre('model');
  await page.mouse.move(edge.right, edge.y);
  await page.mouse.down();
  await page.mouse.move(edge.right + 60, edge.y, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/columns=model:\d{3},status/);
});
