import { tinyDraft } from './drafts.ts';
import { finishedRuns } from './finished-runs.ts';
import { expect, go, test } from './test.ts';

let ids: string[] | undefined;

test.beforeEach(async ({ program }) => {
  test.setTimeout(180_000);
  ids ??= await finishedRuns(program.client, tinyDraft({ detectors: ['mahalanobis', 'knn'] }));
});

test('presets stand on the first step alone, and steps that were passed are ticked', async ({ page }) => {
  await go(page, '#/new/task');
  const steps = page.getByRole('navigation', { name: 'Steps' });
  await expect(page.getByRole('radiogroup', { name: 'Start from' })).toBeVisible();
  await expect(steps.getByText(', done')).toHaveCount(0);
  await page.getByRole('button', { name: 'Next: Model' }).click();
  await expect(page.getByRole('radiogroup', { name: 'Start from' })).toHaveCount(0);
  await steps.getByRole('link', { name: 'Detectors' }).click();
  await expect(steps.getByText(', done')).toHaveCount(2);
  await steps.getByRole('link', { name: 'Task' }).click();
  await expect(page.getByRole('radiogroup', { name: 'Start from' })).toBeVisible();
});

test('an experiment on a dataset or a model begins with it', async ({ page }) => {
  await go(page, '#/datasets/toy-features');
  await page.getByRole('link', { name: 'New experiment on it' }).click();
  await expect(page.getByRole('combobox', { name: 'Training data' })).toContainText('Toy features');
  await expect(page.getByRole('combobox', { name: 'Task', exact: true })).toContainText('Toy features');

  await go(page, `#/models/${ids![0]}`);
  await page.getByRole('link', { name: 'New experiment on it' }).click();
  await expect(page.getByRole('radio', { name: 'From the catalogue' })).toBeChecked();
});

test('adversarial examples are previewed with a trained model, and without one it is said why not', async ({
  page,
  program,
}) => {
  const task = { name: 'adversarial-examples', eps: 0.2, step_size: 0.05, steps: 5 };
  const draft = { ...tinyDraft(), task };
  await program.client.drafts.storeDraft({ draft });
  await go(page, '#/new/task');
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('once that has been trained', { timeout: 60_000 });

  await program.client.drafts.storeDraft({
    draft: { ...draft, classifier: { source: 'run', run: ids![0]! } },
  });
  await page.reload();
  await expect(preview.getByRole('img', { name: /^Adversarial image/ })).toHaveCount(6, { timeout: 60_000 });
  await expect(preview.getByRole('img', { name: /^Difference/ })).toHaveCount(6);
});

test('a comparison begins with its verdict, and its rectangle is typed', async ({ page }) => {
  const [, first, second] = ids!;
  await go(page, `#/compare/${first},${second}`);
  await expect(page.getByRole('main').getByText(/on the same [\d\s]+ test samples/)).toBeVisible();
  const list = page.getByRole('region', { name: 'They differ most on' });
  await expect(list.getByRole('row')).toHaveCount(13);
  const from = list.getByRole('textbox', { name: 'mahalanobis from' });
  await from.fill('100000');
  await expect(list).toContainText('No sample is in the rectangle.');
  await from.fill('nonsense');
  await expect(from).toHaveAttribute('aria-invalid', 'true');
  await from.fill('');
  await from.press('ArrowUp');
  await expect(list).toContainText(/in the rectangle/);
  await expect(list.getByRole('row')).toHaveCount(13);
  await list.getByRole('button', { name: 'All samples' }).click();
  await expect(from).toHaveValue('');
});

test('a view that was saved is there again in a browser that has forgotten everything', async ({ page }) => {
  await go(page, '#/runs');
  const query = page.getByRole('combobox', { name: 'Filter runs' });
  await query.click();
  await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeHidden();
  await query.fill('detector:knn ');
  await query.press('Enter');
  await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeHidden();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save as a new view' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Neighbours');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Neighbours' })).toBeVisible();
  // Everything but that it is signed in.
  await page.evaluate(`for (const key of Object.keys(localStorage))
    if (key !== 'cupbearer:key') localStorage.removeItem(key);`);
  await go(page, '#/settings');
  await page.reload();
  await go(page, '#/runs');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitemcheckbox', { name: /Neighbours/ }).click();
  await expect(page.getByRole('button', { name: 'Remove filter detector:knn' })).toBeVisible();
  await expect(page).toHaveURL(/#\/runs\?filter=detector:knn/);
});
