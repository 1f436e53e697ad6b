import { join } from 'node:path';
import { tinyDraft } from './drafts.ts';
import { picturesOfPets } from './pictures.ts';
import { runsEnded } from './program.ts';
import { expect, go, inElectron, test } from './test.ts';

test('a folder that is dropped becomes a dataset', async ({ page, program }) => {
  test.skip(inElectron, 'The drop is made by the protocol of the browser.');
  const folder = picturesOfPets(program.home);
  await go(page, '#/datasets');
  await expect(page.getByRole('heading', { level: 1, name: 'Datasets' })).toBeVisible();
  // As the system would: scripts in a page can make up files, but no folders.
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    browser.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
  const dialog = page.getByRole('dialog');
  // What is dropped before the page has said that it takes it is lost, and the browser passes on what it says when it can.
  await expect(async () => {
    await drag('dragEnter');
    await drag('dragOver');
    await expect(page.locator('.panes.over')).toBeVisible({ timeout: 1000 });
    await drag('dragOver');
    await drag('drop');
    await expect(dialog).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 30_000 });
  await expect(dialog).toContainText('20');
  await dialog.getByLabel('Name').fill('Pets');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Pets' })).toBeVisible();
  await expect(page.getByRole('link', { name: /Pets/ })).toBeVisible();
  await expect(page.getByRole('article')).toContainText('cats');

  const own = (await program.client.datasets.list({})).find(({ name }) => name === 'Pets');
  expect(own).toMatchObject({ classes: 2, shape: [16, 16, 3], samples: { train: 16, test: 4 } });
});

test('a model without its spec is used once it is said what it was trained on', async ({ page, program }) => {
  const { client } = program;
  const { ids } = await client.drafts.start({ draft: tinyDraft({ epochs: 1 }) });
  await expect.poll(async () => (await client.models.list({}))[0]?.run.status, { timeout: 60_000 }).toBe('done');
  const { folder } = (await client.runs.get({ id: ids[0]! })).record;
  await go(page, '#/models');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByLabel('Files of the model')
    .setInputFiles([join(folder, 'model.json'), join(folder, 'model.safetensors')]);
  await dialog.getByLabel('Name').fill('From elsewhere');
  await expect(dialog).toContainText('Without spec.json most tasks need to know what the model was trained on');
  // Data that it cannot take are refused beside their field.
  await dialog.getByRole('combobox', { name: 'Trained on' }).click();
  await page.getByRole('option', { name: /Toy features/ }).click();
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(dialog).toContainText('the data "toy-features" has inputs of shape 8 in 2 classes');
  await dialog.getByRole('combobox', { name: 'Trained on' }).click();
  await page.getByRole('option', { name: 'Not set' }).click();
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('article')).toContainText('only a task that names all of its data can be built on it');

  await page.getByRole('button', { name: 'Say what it was trained on' }).click();
  await dialog.getByRole('combobox', { name: 'Trained on' }).click();
  await page.getByRole('option', { name: /Glyphs/ }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('link', { name: 'New experiment on it' })).toBeVisible();
  const known = (await client.models.list({})).filter(({ imported }) => imported);
  expect(known.map(({ isTrainingKnown }) => isTrainingKnown)).toEqual([true]);

  // It goes by the name that it was given, and is found by it.
  await expect(page.getByRole('heading', { level: 2, name: 'From elsewhere' })).toBeVisible();
  const listed = page.getByRole('navigation', { name: 'Models' }).getByRole('link');
  await expect(listed).toHaveCount((await client.models.list({})).length);
  await page.getByRole('textbox', { name: 'Search models' }).fill('elsewhere');
  await expect(listed).toHaveCount(1);
  await expect(listed).toContainText('From elsewhere');
});

test('a folder is taken in as a dataset by dialog, from the browser and from this machine', async ({
  page,
  program,
}) => {
  const folder = picturesOfPets(join(program.home, 'by dialog'));
  const dialog = page.getByRole('dialog');
  const importButton = dialog.getByRole('button', { name: 'Import' });
  const open = async () => {
    await go(page, '#/datasets');
    await page.getByRole('button', { name: 'Import' }).click();
  };

  await open();
  await importButton.click();
  await expect(dialog).toContainText('A dataset needs a name.');
  await expect(dialog).toContainText('Choose a folder with files.');
  await dialog.getByLabel('Folder with the dataset').setInputFiles(folder);
  await expect(dialog).toContainText('20 files');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Chosen pets');
  await importButton.click();
  await expect(page.getByRole('heading', { level: 2, name: 'Chosen pets' })).toBeVisible();

  await open();
  await dialog.getByRole('radio', { name: 'On the machine that computes' }).click();
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(join(folder, 'birds'));
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Pets there');
  await importButton.click();
  await expect(dialog.getByRole('alert')).toContainText('birds');
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(folder);
  await importButton.click();
  await expect(page.getByRole('heading', { level: 2, name: 'Pets there' })).toBeVisible();
  const names = (await program.client.datasets.list({})).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['Chosen pets', 'Pets there']));
});

test('a model is taken in by dialog from its files, and is there to be used', async ({ page, program }) => {
  test.setTimeout(180_000);
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  const { record } = await program.client.runs.get({ id: ids[0]! });
  const files = (...names: string[]) => names.map((name) => join(record.folder, name));

  await go(page, '#/models');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog');
  const importButton = dialog.getByRole('button', { name: 'Import' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('From a colleague');
  await dialog.getByLabel('Files of the model').setInputFiles(files('model.json'));
  await importButton.click();
  await expect(dialog.getByRole('alert')).toContainText('"model.safetensors" is missing');
  await dialog
    .getByLabel('Files of the model')
    .setInputFiles(files('model.json', 'model.safetensors', 'spec.json', 'trigger.safetensors'));
  await importButton.click();
  await expect(dialog).toHaveCount(0);
  const id = decodeURIComponent(/#\/models\/(.+)$/.exec(page.url())![1]!);
  await expect(page.getByRole('table').first()).toContainText('layers.linear_0.output');
  await page.getByRole('button', { name: 'Check on labelled data' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'of 200 samples of the test half' })).toBeVisible();
  await expect(page.getByRole('table').first()).toContainText('values from 0 to 1 (its own)');
  await expect(page.getByRole('img', { name: 'The same as the model takes it' })).toHaveCount(8);

  const classifier = { source: 'run' as const, run: id };
  const started = await program.client.drafts.start({ draft: { ...tinyDraft(), classifier } });
  expect(await runsEnded(program.client, started.ids)).toEqual(['done']);
});

test('a Keras model is taken in by dialog once its classes are named', async ({ page }) => {
  const small = join(import.meta.dirname, '../models/keras-small');
  const files = ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'].map((name) => join(small, name));
  await go(page, '#/models');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Files of the model').setInputFiles(files);
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Small Keras');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(dialog).toContainText('Name the classes in the order of the model’s outputs.');
  await dialog.getByRole('textbox', { name: 'Classes' }).fill('ant, bee, cat');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Small Keras' })).toBeVisible();
  await expect(page.getByRole('table').first()).toContainText('answer.output');
});
