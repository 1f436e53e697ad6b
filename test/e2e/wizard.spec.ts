import BetterSqlite from 'better-sqlite3';
import { join } from 'node:path';
import { tinyDraft } from './drafts.ts';
import { experimentEnded, runsEnded } from './program.ts';
import { expect, faultsByAxe, go, inElectron, test, type Page } from './test.ts';

type StepTitle = 'Task' | 'Model' | 'Detectors' | 'Evaluation' | 'Review';

const steps = (page: Page) => page.getByRole('navigation', { name: 'Steps' });

async function expectStep(page: Page, title: StepTitle): Promise<void> {
  await expect(steps(page).getByRole('link', { name: title })).toHaveAttribute('aria-current', 'step');
}

test.beforeEach(async ({ page }) => {
  test.setTimeout(180_000);
  await go(page, '#/new/task');
  await expect(steps(page)).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Discard draft' }).click();
  // What is typed before that would be discarded with it.
  await expect(page.getByText('The draft was discarded.')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'First example' })).toBeChecked();
});

test('a step with an error cannot be left forwards, and the field that is at fault is shown', async ({ page }) => {
  const target = page.getByRole('textbox', { name: 'Target class' });
  await target.fill('12');
  await expect(target).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+Enter');
  await expectStep(page, 'Task');
  await expect(target).toBeFocused();
  await target.fill('3');
  await expect(target).not.toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Next: Model' }).click();
  await expectStep(page, 'Model');
  await steps(page).getByRole('link', { name: 'Task' }).click();
  await expectStep(page, 'Task');

  // The same in one breath: what is typed is checked before the step is left, by the keyboard or the steps' links.
  await target.fill('12');
  await page.keyboard.press('Control+Enter');
  await expect(target).toHaveAttribute('aria-invalid', 'true');
  await expect(target).toBeFocused();
  await expectStep(page, 'Task');
  await target.fill('3');
  await expect(target).not.toHaveAttribute('aria-invalid', 'true');
  await target.fill('12');
  await steps(page).getByRole('link', { name: 'Evaluation' }).click();
  await expect(target).toHaveAttribute('aria-invalid', 'true');
  await expect(target).toBeFocused();
  await expectStep(page, 'Task');
  await target.fill('3');
  await steps(page).getByRole('link', { name: 'Evaluation' }).click();
  await expectStep(page, 'Evaluation');
});

test('the trigger is previewed, and redrawn', async ({ page }) => {
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview.getByRole('img', { name: /^Triggered image/ })).toHaveCount(6, { timeout: 60_000 });
  const names = () => preview.ariaSnapshot();
  const before = await names();
  await preview.getByRole('button', { name: 'Draw others' }).click();
  await expect.poll(names, { timeout: 30_000 }).not.toBe(before);
});

test('the preset that is chosen says the time that was measured', async ({ page }) => {
  const summary = page.getByRole('region', { name: 'What this will do' });
  await expect(summary).toContainText('measured here', { timeout: 60_000 });
  const words = await summary.locator('b').first().innerText();
  expect(words).toMatch(/^[\d.]+.*(s|min|h)$/);
  await expect(page.getByRole('radio', { name: 'First example' })).toContainText(`Corner pixel, ${words}`);
});

test('a draft survives the closing of its window', async ({ page, context }) => {
  test.skip(inElectron, 'It has one window.');
  await page.getByRole('textbox', { name: 'Target class' }).fill('7');
  await expect(page.getByRole('status').filter({ hasText: 'Draft saved' })).toBeVisible();
  const address = page.url();
  await page.close();
  const later = await context.newPage();
  await later.goto(address);
  await expect(later.getByRole('textbox', { name: 'Target class' })).toHaveValue('7');
});

test('the keyboard alone sets up and starts an experiment', async ({ page, program }) => {
  await go(page, '#/runs');
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  await page.keyboard.press('Control+n');
  await expectStep(page, 'Task');
  const target = page.locator('input:focus').and(page.getByRole('textbox', { name: 'Target class' }));
  for (let k = 0; k < 80 && (await target.count()) === 0; k++) await page.keyboard.press('Tab');
  await expect(page.getByRole('textbox', { name: 'Target class' })).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('4');
  for (const title of ['Model', 'Detectors', 'Evaluation', 'Review'] as const) {
    await page.keyboard.press('Control+Enter');
    await expectStep(page, title);
  }
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible({ timeout: 30_000 });
  const id = /#\/runs\/([\w-]+)/.exec(page.url())![1]!;
  const shown = await program.client.runs.get({ id });
  // What is opened is the detector's run; the classifier that it waits for has the data.
  const { record } = await program.client.runs.get({ id: shown.record.parents[0] ?? id });
  expect(record.spec['train_data']).toMatchObject({ backdoor: { target_class: 4 } });
  await program.client.runs.cancel({ ids: [record.id, id] });
  await runsEnded(program.client, [record.id, id]);
});

test('a run is done again with changes', async ({ page, program }) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  await program.client.runs.cancel({ ids });
  await runsEnded(program.client, ids);
  await go(page, '#/runs');
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  await go(page, `#/new/model?from=${ids[0]}`);
  await expectStep(page, 'Model');
  await expect(page.getByRole('textbox', { name: 'Hidden layers' })).toHaveValue('32, 32');
  await expect(page.getByRole('textbox', { name: 'Batch size' })).toHaveValue('64');
});

test('a half-finished draft is kept when a run is done again with changes, and when a preset is chosen', async ({
  page,
  program,
}) => {
  const target = page.getByRole('textbox', { name: 'Target class' });
  const saved = page.getByRole('status').filter({ hasText: 'Draft saved' });
  await target.fill('7');
  await expect(saved).toBeVisible();
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  await program.client.runs.cancel({ ids });
  await runsEnded(program.client, ids);
  await go(page, '#/runs');
  await go(page, `#/new/task?from=${ids[0]}`);
  await expect(target).toHaveValue('0');
  await expect(page.getByText('The draft that you had is kept.')).toBeVisible();
  await page.getByRole('button', { name: 'Back to your draft' }).click();
  await expect(target).toHaveValue('7');
  await expect(page.getByRole('button', { name: 'Other draft' })).toHaveCount(0);

  await page.getByRole('radio', { name: 'WaNet' }).click();
  await expect(page.getByText('The draft that you had is kept.')).toBeVisible();
  await expect(saved).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Other draft' }).click();
  await expect(target).toHaveValue('7');
});

test('a step whose check fails is not left, says why, and can be looked at again', async ({ page, program }) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  await go(page, `#/new/evaluation?model=${ids[0]}`);
  await expectStep(page, 'Evaluation');
  const next = page.getByRole('button', { name: 'Next: Review' });
  const share = page.getByRole('textbox', { name: 'Clean test share' });
  await share.fill('40');
  await expect(next).not.toHaveAttribute('aria-disabled', 'true');
  // What the draft builds on cannot be read for a while.
  const catalogue = new BetterSqlite(join(program.home, 'catalogue.sqlite'));
  try {
    catalogue.exec('ALTER TABLE runs RENAME TO lost_runs');
    await share.fill('50');
    const failure = page.getByRole('alert').filter({ hasText: 'Could not check this draft' });
    await expect(failure).toContainText('is damaged');
    await page.keyboard.press('Control+Enter');
    await steps(page).getByRole('link', { name: 'Review' }).click();
    await expectStep(page, 'Evaluation');
    catalogue.exec('ALTER TABLE lost_runs RENAME TO runs');
    await failure.getByRole('button', { name: 'Look again' }).click();
    await expect(failure).toHaveCount(0);
  } finally {
    const isLost = catalogue.prepare("SELECT 1 FROM sqlite_master WHERE name = 'lost_runs'").get() !== undefined;
    if (isLost) catalogue.exec('ALTER TABLE lost_runs RENAME TO runs');
    catalogue.close();
  }
  await next.click();
  await expectStep(page, 'Review');
});

test('a run is set up from its spec.json, tested on data of one’s own choosing, reviewed and copied', async ({
  page,
  program,
  clipboard,
}) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft({ detectors: ['knn'] }) });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  const folders = await Promise.all(ids.map(async (id) => (await program.client.runs.get({ id })).record.folder));
  const file = page.getByLabel('A spec.json or a draft');

  await file.setInputFiles({ name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('no JSON') });
  await expect(page.getByText('The file is not JSON.')).toBeVisible();
  await file.setInputFiles(join(folders[1]!, 'spec.json'));
  await steps(page).getByRole('link', { name: 'Model' }).click();
  await expect(page.getByRole('radio', { name: 'From the catalogue' })).toBeChecked();
  await steps(page).getByRole('link', { name: 'Detectors' }).click();
  await expect(page.getByRole('checkbox', { name: /^knn,/ })).toBeChecked();

  await file.setInputFiles(join(folders[0]!, 'spec.json'));
  await steps(page).getByRole('link', { name: 'Model' }).click();
  await expect(page.getByRole('textbox', { name: 'Hidden layers' })).toHaveValue('32, 32');
  await page
    .getByRole('button', { name: /^More \d/ })
    .first()
    .click();
  const name = page.getByRole('textbox', { name: 'Name of a dataset to add' });
  // What could not stand in a command is no name.
  await name.fill('other digits;');
  await expect(page.getByRole('button', { name: 'Add', exact: true })).toHaveAttribute('aria-disabled', 'true');
  await name.fill('other_digits');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('other_digits', { exact: true }).click();
  await page.getByRole('option', { name: 'Glyphs' }).click();

  await steps(page).getByRole('link', { name: 'Review' }).click();
  const classifier = page.getByRole('region', { name: 'mlp on glyphs' });
  await expect(classifier).toContainText('Validation data other_digits');
  await classifier.getByRole('radio', { name: 'JSON' }).click();
  await classifier.getByRole('button', { name: 'Copy' }).click();
  await expect.poll(async () => (await clipboard()).startsWith('{')).toBe(true);
  const spec = JSON.parse(await clipboard()) as { val_data: Record<string, { name: string }> };
  expect(spec.val_data['other_digits']).toMatchObject({ name: 'glyphs' });
  await classifier.getByRole('radio', { name: 'Command' }).click();
  await classifier.getByRole('button', { name: 'Copy' }).click();
  await expect.poll(clipboard).toMatch(/^npx cupbearer train-classifier .*--val_data\.other_digits glyphs/);
});

test('a method shows the fields that are in force, and what it lacks is set in place and taken back', async ({
  page,
}) => {
  await steps(page).getByRole('link', { name: 'Detectors' }).click();
  const attribution = page.getByRole('checkbox', { name: /^functional-attribution,/ });
  await attribution.check();
  await page.getByRole('button', { name: 'Parameters of functional-attribution' }).click();
  await expect(page.getByRole('textbox', { name: 'References' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Chains' })).toHaveCount(0);
  await page.getByRole('radio', { name: 'Sampled' }).click();
  await expect(page.getByRole('textbox', { name: 'Chains' })).toBeVisible();

  // A filter hides no chosen card, and the order stays.
  const names = () => page.getByRole('list', { name: 'Detectors' }).getByRole('checkbox').evaluateAll('(boxes) => boxes.map((box) => box.ariaLabel)'); // prettier-ignore
  const before = (await names()) as string[];
  await page.getByRole('checkbox', { name: /^knn,/ }).check();
  expect(await names()).toEqual(before);
  await page.getByRole('button', { name: 'No gradients' }).click();
  await page.getByRole('textbox', { name: 'Find a detector' }).fill('spectral');
  await expect(attribution).toBeChecked();
  await expect(page.getByRole('checkbox', { name: /^lof,/ })).toHaveCount(0);

  const spectral = page.getByRole('listitem').filter({ has: page.getByRole('checkbox', { name: /^spectral,/ }) });
  await expect(spectral).toContainText('The task has no untrusted data.');
  await spectral.getByRole('button', { name: /^Set “Trusted fraction” to 80/ }).click();
  await expect(spectral).toContainText(/“Trusted fraction” is now 80/);
  await spectral.getByRole('button', { name: /^Undo/ }).click();
  await expect(spectral).toContainText('The task has no untrusted data.');
  await expectStep(page, 'Detectors');
  expect(await faultsByAxe(page)).toEqual([]);
});

test('a value is swept, a second task and model are added, and the plan shows every cell', async ({ page }) => {
  const tasks = page.getByRole('region', { name: 'Tasks' });
  await tasks.getByRole('button', { name: 'Add a task' }).click();
  await expect(tasks.getByRole('listitem')).toHaveCount(2);
  const plan = page.getByRole('region', { name: 'Plan' });
  await expect(plan).toContainText('2 cells');
  // What is wrong with a task that is not open is said on it, and leads to it.
  await page.getByRole('textbox', { name: 'Target class' }).fill('12');
  await expect(page.getByText('Must be 0 to 9: Glyphs has 10 classes.')).toBeVisible();
  await tasks.getByRole('button', { name: /^1 / }).click();
  await expect(tasks.getByRole('listitem').nth(1)).toContainText('Must be 0 to 9');
  await page.getByRole('button', { name: /^Correct/ }).click();
  await expect(page.getByRole('textbox', { name: 'Target class' })).toHaveValue('12');
  await page.getByRole('textbox', { name: 'Target class' }).fill('3');

  await steps(page).getByRole('link', { name: 'Model' }).click();
  await page.getByRole('region', { name: 'Models' }).getByRole('button', { name: 'Duplicate this model' }).click();
  await page.getByRole('textbox', { name: 'Hidden layers' }).fill('16');
  await expect(plan).toContainText('4 cells');

  await steps(page).getByRole('link', { name: 'Detectors' }).click();
  await page.getByRole('button', { name: 'Parameters of mahalanobis' }).click();
  await page.getByRole('button', { name: 'Sweep Shrinkage' }).click();
  await page.getByRole('button', { name: 'Fill a range of Shrinkage' }).click();
  await page.getByRole('textbox', { name: 'From' }).fill('0.01');
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('1');
  await page.getByRole('textbox', { name: 'Steps' }).fill('3');
  await page.getByRole('radio', { name: 'Log' }).click();
  await page.getByRole('button', { name: 'Fill', exact: true }).click();
  await expect(page.getByText(/3 values make 3 detectors, 12 cells/)).toBeVisible();
  await expect(plan).toContainText('12 cells');
  await expect(plan.getByRole('rowheader', { name: 'mahalanobis 0.1' })).toBeVisible();
  const added = page.getByRole('textbox', { name: 'Add a value of Shrinkage' });
  await added.fill('7');
  await added.press('Enter');
  await expect(page.getByText(/^7: Must be/).first()).toBeVisible();
  await page.getByRole('button', { name: 'Remove 7' }).click();
  await expect(plan).toContainText('12 cells');
});

test('a detector of a finished run is evaluated on another trigger, without fitting it again', async ({
  page,
  program,
}) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft({ detectors: ['energy'] }) });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  await steps(page).getByRole('link', { name: 'Detectors' }).click();
  await page.getByRole('checkbox', { name: /^mahalanobis,/ }).uncheck();
  await expect(page.getByText('Choose at least one detector.')).toBeVisible();
  await page.getByRole('combobox', { name: 'A fitted detector' }).click();
  await page
    .getByRole('option', { name: /^energy/ })
    .first()
    .click();
  const fitted = page.getByRole('list', { name: 'Fitted detectors' });
  await expect(fitted.getByRole('listitem')).toHaveCount(1);
  await expect(page.getByText('Choose at least one detector.')).toHaveCount(0);
  // The model that it was fitted on is one click away.
  await fitted.getByRole('button', { name: /^Take that model/ }).click();
  await expect(fitted).not.toContainText('Fitted on another model');
  await steps(page).getByRole('link', { name: 'Model' }).click();
  await expect(page.getByRole('radio', { name: 'From the catalogue' })).toBeChecked();
  await steps(page).getByRole('link', { name: 'Review' }).click();
  await expect(page.locator('main')).toContainText('1 cell');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/#\/experiments\//);
  const id = /#\/experiments\/([\w-]+)/.exec(page.url())?.[1] ?? '';
  expect(await experimentEnded(program.client, id)).toBe(1);
  expect(await faultsByAxe(page)).toEqual([]);
});
