import { tinyDraft } from './drafts.ts';
import { runsEnded, type Program } from './program.ts';
import { expect, faultsByAxe, go, test } from './test.ts';

/** A classifier and two detectors, done once for this file. */
let ids: string[] | undefined;

async function finishedRuns({ client }: Program): Promise<string[]> {
  if (ids) return ids;
  const started = await client.experiments.start({ draft: tinyDraft({ detectors: ['mahalanobis', 'knn'] }) });
  expect(await runsEnded(client, started.ids)).toEqual(['done', 'done', 'done']);
  ids = started.ids;
  return ids;
}

test.beforeEach(async ({ program }) => {
  test.setTimeout(240_000);
  await finishedRuns(program);
});

test('two runs are selected and compared', async ({ page }) => {
  for (const id of ids!.slice(1)) await page.locator(`[data-run="${id}"]`).getByRole('checkbox').check();
  const foot = page.getByRole('region', { name: 'Selection' });
  await expect(foot).toContainText('Same test samples: a paired test is possible');
  await foot.getByRole('button', { name: 'Compare' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Compare 2 runs' })).toBeVisible();
  const main = page.getByRole('main');
  await expect(main).toContainText('DeLong');
  await expect(main).toContainText('mahalanobis');
  await expect(main).toContainText('knn');
});

test('every tab of a run shows what it is for', async ({ page }) => {
  const [, detector] = ids!;
  for (const tab of ['overview', 'scores', 'layers', 'activations', 'samples', 'config', 'log']) {
    await go(page, `#/runs/${detector}${tab === 'overview' ? '' : `/${tab}`}`);
    await expect(page.getByRole('tab', { name: new RegExp(tab, 'i') })).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByRole('tabpanel')).not.toContainText('could not');
    await expect(page.getByRole('tabpanel')).not.toBeEmpty();
  }
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('the theme that is chosen stays', async ({ page }) => {
  await go(page, '#/settings');
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const [red = 255] = colour.match(/\d+/g)!.map(Number);
  expect(red).toBeLessThan(60);
  await page.getByRole('radio', { name: 'System' }).click();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme', 'dark');
});

const screens = ['runs', 'run', 'scores', 'compare', 'new', 'datasets', 'models', 'settings'] as const;

for (const theme of ['light', 'dark'] as const) {
  for (const screen of screens) {
    test(`${screen} has no fault that axe knows of, ${theme}`, async ({ page }) => {
      const [classifier, first, second] = ids!;
      const hashes = {
        runs: '#/runs',
        run: `#/runs/${first}`,
        scores: `#/runs/${first}/scores`,
        compare: `#/compare/${first},${second}`,
        new: `#/new/task?from=${classifier}`,
        datasets: '#/datasets',
        models: '#/models',
        settings: '#/settings',
      };
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await go(page, hashes[screen]);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.waitForLoadState('networkidle');
      expect(await faultsByAxe(page)).toEqual([]);
    });
  }
}
