import { expect, test, type Page } from './test.ts';

test.use({ seeded: 10_000 });

const foot = (page: Page) => page.getByRole('region', { name: 'Selection' });
const field = (page: Page) => page.getByRole('combobox', { name: 'Filter runs' });

test('ten thousand runs are there, and scroll', async ({ page }) => {
  await expect(foot(page)).toContainText(/10\s000\s+runs/);
  const grid = page.getByRole('grid', { name: 'Runs' });
  await expect(grid).toHaveAttribute('aria-rowcount', /^1000\d$/);
  expect(await grid.getByRole('row').count()).toBeLessThan(120);
  await grid.focus();
  await grid.press('End');
  await expect(grid.locator('[aria-rowindex="10001"], [aria-rowindex="10002"]').first()).toBeVisible();
});

test('search and filters find what they say', async ({ page }) => {
  await field(page).fill('tag:paper');
  await expect(foot(page)).toContainText(/^\s*100\s+runs/);
  await field(page).fill('detector:knn');
  await expect(foot(page)).toContainText(/\s*2\s000\s+runs/);
  await field(page).fill('detector:knn auroc>0.9');
  const row = page.getByRole('row', { name: /knn/ }).first();
  await expect(row).toBeVisible();
  await expect(page.getByRole('row', { name: /mahalanobis/ })).toHaveCount(0);
  await field(page).press('Enter');
  await expect(page.getByRole('list', { name: 'Filters in use' })).toContainText('knn');
  await field(page).fill('no run is called so');
  await expect(foot(page)).toContainText(/^\s*0\s+runs/);
  await page.getByRole('button', { name: 'Clear all filters' }).click();
  await expect(foot(page)).toContainText(/10\s000\s+runs/);
});

test('a filter that cannot be read says why', async ({ page }) => {
  await field(page).fill('auroc>high');
  await field(page).press('Enter');
  await expect(page.getByRole('main')).toContainText(/number/);
});

test('runs are deleted, and brought back', async ({ page, program }) => {
  await field(page).fill('tag:paper');
  await field(page).press('Enter');
  await expect(foot(page)).toContainText(/^\s*100\s+runs/);
  await page.getByRole('checkbox', { name: 'Select all matching runs' }).check();
  await expect(foot(page)).toContainText('100 runs selected');
  await foot(page).getByRole('button', { name: 'Move to trash' }).click();
  await expect(foot(page)).toContainText(/^\s*0\s+runs/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(foot(page)).toContainText(/^\s*100\s+runs/);
  expect((await program.client.app.info({})).catalogue.runs).toBe(10_000);
});
