import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { tinyDraft } from './drafts.ts';
import { runsEnded } from './program.ts';
import { expect, go, test } from './test.ts';

// What tells runs of one title apart depends on all that are listed.
test.use({ own: 'titles' });

/** Two classifiers that differ in their seeds, and a WaNet classifier that is tested with noise. */
let ids: { twins: string[]; odd: string[] } | undefined;

function draft(change: (params: Record<string, unknown>) => Record<string, unknown>): ExperimentDraft {
  const base = tinyDraft();
  if (base.classifier.source !== 'train') throw new Error('The example trains its classifier.');
  return { ...base, classifier: { source: 'train', params: change(base.classifier.params) } };
}

test.beforeEach(async ({ program: { client } }) => {
  test.setTimeout(240_000);
  if (ids) return;
  const start = async (one: ExperimentDraft) => {
    const started = await client.drafts.start({ draft: one });
    expect(await runsEnded(client, started.ids)).toEqual(['done', 'done']);
    return started.ids;
  };
  const first = await start(tinyDraft());
  const second = await start(draft((params) => ({ ...params, seed: 7 })));
  const original = { name: 'glyphs', limit: 1000 };
  const wanet = draft((params) => ({
    ...params,
    train_data: { name: 'backdoor', original, backdoor: { name: 'wanet' } },
  }));
  ids = {
    twins: [...first, ...second],
    odd: await start({ ...wanet, task: { name: 'backdoor', backdoor: { name: 'noise' } } }),
  };
});

test('a title says the trigger of the training and that of the test where they differ', async ({ page }) => {
  const title = 'mahalanobis: Backdoor, WaNet warp, tested with Gaussian noise, Glyphs';
  await expect(page.locator(`[data-run="${ids!.odd[1]}"]`)).toContainText('WaNet warp, tested with Gaussian noise');
  await go(page, `#/runs/${ids!.odd[1]}`);
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  await expect(page).toHaveTitle(`${title} - Overview - Run - Cupbearer`);
});

test('runs of one title say in what they differ, wherever they are listed', async ({ page }) => {
  const [, first, , second] = ids!.twins;
  await expect(page.locator(`[data-run="${first}"]`)).toContainText('mlp 32-32 seed 0');
  await expect(page.locator(`[data-run="${second}"]`)).toContainText('mlp 32-32 seed 7');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('mahalanobis');
  await expect(page.getByRole('option', { name: /corner pixel, Glyphs, classifier seed 7/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await go(page, '#/models');
  const list = page.getByRole('navigation', { name: 'Models' });
  const [model, , other] = ids!.twins;
  await expect(list.locator(`a[href="#/models/${model}"]`)).toContainText(/^mlp 32-32 (seed 0|run \w+).*corner/);
  await expect(list.locator(`a[href="#/models/${other}"]`)).toContainText(/^mlp 32-32 seed 7.*corner/);
});

test('every screen is called in the title of the page by what it shows', async ({ page }) => {
  const [classifier] = ids!.twins;
  const titles: Record<string, string | RegExp> = {
    '#/runs': 'Runs - Cupbearer',
    [`#/runs/${classifier}/training`]:
      /^Classifier mlp 32-32: Backdoor, corner pixel, Glyphs, (seed 0|run \w+).* - Training - Run - /,
    [`#/models/${classifier}`]: /^mlp 32-32, (seed 0|run \w+).* - Models - Cupbearer$/,
    '#/datasets/glyphs': 'Glyphs - Datasets - Cupbearer',
    '#/new/detectors': 'Detectors - New experiment - Cupbearer',
    '#/settings': 'Settings - Cupbearer',
    [`#/compare/${ids!.twins[1]},${ids!.odd[1]}`]: /^mahalanobis, .* and mahalanobis, .* - Compare - Cupbearer$/,
  };
  for (const [hash, title] of Object.entries(titles)) {
    await go(page, hash);
    await expect(page).toHaveTitle(title);
  }
});

test('a model is renamed, deleted and brought back', async ({ page }) => {
  const [, , classifier] = ids!.twins;
  await go(page, `#/models/${classifier}`);
  await page.getByRole('button', { name: 'More about this model' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rename the model' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(dialog).toContainText('A model needs a name.');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('The second one');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'The second one' })).toBeVisible();
  await page.reload();
  const inList = page.getByRole('navigation', { name: 'Models' }).getByRole('link', { name: /The second one/ });
  await expect(inList).toBeVisible();

  await page.getByRole('button', { name: 'More about this model' }).click();
  await page.getByRole('menuitem', { name: 'Move to trash' }).click();
  await expect(inList).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(inList).toBeVisible();
});
