import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeNpy } from '../../main/storage/npy.ts';
import { writeRecordedSet, writeRecordedSets } from '../recorded-files.ts';
import { stepLink } from './form-page.ts';
import { experimentEnded, runsEnded } from './program.ts';
import { expect, faultsByAxe, go, inElectron, test, type Page } from './test.ts';

/** Adds files of a folder by the dialog, as somebody would who types its path. */
async function add(page: Page, folder: string, names: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'Add files' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add files' });
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(folder);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  for (const name of names) await dialog.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
  await dialog.getByRole('button', { name: /^Add/ }).click();
  await expect(dialog).toHaveCount(0);
}

const row = (page: Page, name: string) => page.getByRole('region', { name: 'Files' }).getByRole('row', { name });

test('files of recorded activations become a task, a run and an experiment', async ({ page, program }) => {
  test.setTimeout(240_000);
  const sets = join(program.home, 'sets');
  writeRecordedSets(sets);
  await go(page, '#/new/task');
  await page.getByRole('radio', { name: /^From files/ }).click();
  await expect(page.getByText('Choose the trusted activations')).toBeVisible();

  await add(page, sets, ['texts-trusted', 'texts-test']);
  await expect(row(page, 'texts-trusted/')).toContainText('120 samples, 2 layers');
  await expect(row(page, 'texts-trusted/').getByRole('combobox')).toHaveText('Trusted');
  await expect(row(page, 'texts-test/').getByRole('combobox')).toHaveText('Test');
  await expect(stepLink(page, 'Task')).toContainText('texts-trusted against texts-test');
  await expect(stepLink(page, 'Model')).toContainText('None needed');
  await expect(stepLink(page, 'Evaluation')).toContainText('60 test samples');

  const layers = page.getByRole('region', { name: 'Layers found' });
  await expect(layers).toContainText('none is in both trusted and test');
  await expect(layers.getByRole('row', { name: /layers\.0/ })).toContainText('120 × 6');
  await layers.getByRole('checkbox', { name: 'Use layers.0' }).uncheck();
  await expect(stepLink(page, 'Detectors')).toContainText('mahalanobis, 1 layer');
  await expect(layers).toContainText('1 of 2 used');
  await layers.getByRole('checkbox', { name: 'Use all layers' }).check();
  await expect(page.getByRole('region', { name: 'Import contract' })).toContainText('8 of 8 agree');
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText(/The hinge broke|By the old lighthouse/);
  expect(await faultsByAxe(page)).toEqual([]);

  await page.getByRole('button', { name: 'Next: Model' }).click();
  await expect(page.getByText('No model is needed: its activations were recorded.')).toBeVisible();
  await page.getByRole('button', { name: 'Next: Detectors' }).click();
  const gradients = page.getByRole('listitem').filter({ has: page.getByRole('checkbox', { name: /^functional-attribution,/ }) }); // prettier-ignore
  await expect(gradients).toContainText(/needs gradients/);
  await page.getByRole('button', { name: 'Next: Evaluation' }).click();
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/#\/runs\/[^/]+$/);
  const id = /runs\/([^/]+)$/.exec(page.url())![1]!;
  expect(await runsEnded(program.client, [id])).toEqual(['done']);
  await expect(page.getByRole('main')).toContainText('AUROC');
  for (const tab of ['scores', 'layers', 'activations', 'samples', 'config']) {
    await go(page, `#/runs/${id}/${tab}`);
    await expect(page.getByRole('main')).not.toContainText(/undefined|NaN|No classifier/);
    await expect(page.getByRole('alert')).toHaveCount(0);
  }

  await go(page, `#/new/detectors?from=${id}`);
  await page.getByRole('checkbox', { name: /^knn,/ }).check();
  await page.getByRole('textbox', { name: 'Seeds' }).fill('2');
  await expect(stepLink(page, 'Review')).toContainText('4 cells');
  await go(page, '#/new/review');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/#\/experiments\//);
  const experiment = /experiments\/([^/?]+)/.exec(page.url())![1]!;
  expect(await experimentEnded(program.client, experiment)).toBe(4);
});

test('sets that were made differently are not taken unless they are to be', async ({ page, program }) => {
  test.setTimeout(180_000);
  const sets = join(program.home, 'other-sets');
  writeRecordedSet(join(sets, 'trusted'), { n: 60, seed: 1 });
  writeRecordedSet(join(sets, 'test'), {
    n: 40,
    seed: 2,
    anomalous: 10,
    contract: { prompt_template: 'Review: {text}\n\nSentiment:' },
    // Samples that are not finite are counted.
    change: ([layer]) => layer!.values.fill(NaN, 0, 2),
  });
  mkdirSync(sets, { recursive: true });
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i < 30 ? 0 : 1));
  writeFileSync(join(sets, 'test-labels.npy'), encodeNpy({ shape: [40], data: labels }));
  await go(page, '#/new/task');
  await page.getByRole('radio', { name: /^From files/ }).click();
  await add(page, sets, ['trusted', 'test', 'test-labels.npy']);
  await expect(row(page, 'test-labels.npy').getByRole('combobox')).toHaveText('Labels of test');

  const contract = page.getByRole('region', { name: 'Import contract' });
  await expect(contract).toContainText('Prompt template: the sets differ');
  await expect(contract.locator('mark')).toHaveText('↵');
  await expect(page.getByRole('button', { name: 'Next: Model' })).toHaveAttribute('aria-disabled', 'true');
  await contract.getByRole('button', { name: 'Use as they are' }).click();
  await expect(contract).toContainText('used as they are');
  await expect(page.getByRole('button', { name: 'Next: Model' })).not.toHaveAttribute('aria-disabled', 'true');

  const layers = page.getByRole('region', { name: 'Layers found' });
  await expect(layers).toContainText('1 sample has NaN or infinite values: a run refuses');
  await layers.getByRole('radio', { name: 'Drop 1' }).click();
  await expect(layers).toContainText('how many were dropped');
  expect(await faultsByAxe(page)).toEqual([]);
  await go(page, '#/new/review');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/#\/runs\/[^/]+$/);
  const id = /runs\/([^/]+)$/.exec(page.url())![1]!;
  expect(await runsEnded(program.client, [id])).toEqual(['done']);
  const warnings = page.getByRole('list', { name: 'Warnings' });
  await expect(warnings).toContainText('made differently: prompt_template differs');
  await expect(warnings).toContainText('NaN or infinite: 1 test sample');

  // A file that is taken away leaves its role open.
  await go(page, `#/new/task?from=${id}`);
  await row(page, 'test/').getByRole('button', { name: 'Remove test' }).click();
  await expect(page.getByText('Choose the test activations')).toBeVisible();
});

test('what is dropped is looked for by its name', async ({ page, program }) => {
  test.skip(inElectron, 'The drop is made by the protocol of the browser.');
  const sets = join(program.home, 'dropped-sets');
  const folder = writeRecordedSet(join(sets, 'trusted'), { n: 20, seed: 1 });
  await go(page, '#/new/task');
  await page.getByRole('radio', { name: /^From files/ }).click();
  const files = page.getByRole('region', { name: 'Files' });
  await expect(files).toContainText('Choose the trusted activations');
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  const drag = async (type: 'dragEnter' | 'dragOver' | 'drop') => {
    const box = (await files.boundingBox())!;
    await browser.send('Input.dispatchDragEvent', { type, x: box.x + 60, y: box.y + 60, data });
  };
  const dialog = page.getByRole('dialog', { name: 'Add files' });
  await expect(async () => {
    await drag('dragEnter');
    await drag('dragOver');
    await drag('drop');
    await expect(dialog).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 30_000 });
  await expect(dialog).toContainText('Open the folder that holds trusted');
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(sets);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(dialog.getByRole('checkbox', { name: 'Choose trusted' })).toBeChecked();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(row(page, 'trusted/').getByRole('combobox')).toHaveText('Trusted');
});
