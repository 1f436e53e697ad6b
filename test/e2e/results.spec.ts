import { readFileSync } from 'node:fs';
import { tinyDraft } from './drafts.ts';
import { finishedRuns } from './finished-runs.ts';
import { expect, faultsByAxe, go, test, type Page } from './test.ts';

/** A classifier and two detectors, done once for this file. */
let ids: string[] | undefined;

test.beforeEach(async ({ program }) => {
  test.setTimeout(240_000);
  ids ??= await finishedRuns(program.client, tinyDraft({ detectors: ['mahalanobis', 'knn'] }));
});

test('two runs are selected and compared', async ({ page }) => {
  for (const id of ids!.slice(1)) await page.locator(`[data-run="${id}"]`).getByRole('checkbox').check();
  const foot = page.getByRole('region', { name: 'Selection' });
  const compare = foot.getByRole('button', { name: 'Compare' });
  await compare.hover();
  await expect(page.locator('.tooltip')).toContainText('Same test samples: a paired test is possible');
  await compare.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Compare 2 runs' })).toBeVisible();
  const main = page.getByRole('main');
  await expect(main).toContainText('DeLong');
  await expect(main).toContainText('mahalanobis');
  await expect(main).toContainText('knn');
});

test('every tab of a run shows what it is for, and does it', async ({ page, saved, clipboard, program }) => {
  const [classifier, detector] = ids!;
  const panel = page.getByRole('tabpanel');
  const open = async (tab: string) => {
    await go(page, `#/runs/${detector}${tab === 'overview' ? '' : `/${tab}`}`);
    await expect(page.getByRole('tab', { name: new RegExp(tab, 'i') })).toHaveAttribute('aria-selected', 'true');
    await expect(panel).not.toContainText('could not');
    await expect(panel).not.toBeEmpty();
  };
  const { command, record } = await program.client.runs.get({ id: detector! });

  await test.step('overview: titles explain themselves', async () => {
    await open('overview');
    await panel.getByRole('button', { name: 'ROC', exact: true }).hover();
    await expect(page.locator('.tooltip')).toContainText('Share of anomalous samples found');
    await page.keyboard.press('Escape');
  });

  await test.step('scores: a chart has a table, and is saved as a picture, a drawing and numbers', async () => {
    await open('scores');
    await panel.getByRole('button', { name: 'ROC: show as a table' }).click();
    const table = panel.getByRole('region', { name: 'ROC, as a table' });
    await expect(table.getByRole('columnheader')).toHaveText(['curve', 'fpr', 'tpr']);
    const rows = await table.getByRole('row').count();
    expect(rows).toBeGreaterThan(10);
    const save = (format: string) =>
      saved(async () => {
        await panel.getByRole('button', { name: 'ROC: save' }).click();
        await page.getByRole('menuitem', { name: format }).click();
      });
    const csv = await save('CSV');
    expect(csv.name).toBe('roc-all.csv');
    const lines = readFileSync(csv.path, 'utf8').trim().split('\n');
    expect(lines[0]).toBe('curve,fpr,tpr');
    expect(lines).toHaveLength(rows);
    expect(lines.at(-1).split(',').map(Number).slice(-2)).toEqual([1, 1]);
    const svg = readFileSync((await save('SVG')).path, 'utf8');
    expect(svg).toMatch(/^<svg[^]*<\/svg>\s*$/);
    expect(svg).toContain('AUROC');
    const png = readFileSync((await save('PNG')).path);
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    // Twice the size on paper: 500 by 440.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1000, 880]);
    await panel.getByRole('button', { name: 'ROC: show the chart' }).click();
    await expect(panel.getByRole('img', { name: /^ROC/ }).locator('canvas')).toBeVisible();
  });

  await test.step('layers', () => open('layers'));

  await test.step('activations: a point shows its sample, to the pointer and to keys', async () => {
    await open('activations');
    const points = panel.getByRole('slider', { name: /^Samples of / }).first();
    const area = (await points.boundingBox())!;
    const card = panel.locator('.card');
    // Somewhere in the cloud there is a point under the pointer.
    for (let k = 0; k < 400 && !(await card.isVisible()); k++) {
      const [x, y] = [(k % 20) / 20, Math.floor(k / 20) / 20];
      await page.mouse.move(area.x + area.width * (0.2 + 0.6 * x), area.y + area.height * (0.2 + 0.6 * y));
    }
    await expect(card).toContainText(/(Clean|Triggered), \d.*score/s);
    await expect(card.locator('canvas')).toBeVisible();
    await page.mouse.move(0, 0);
    await expect(card).toBeHidden();
    await points.focus();
    await points.press('Home');
    await expect(points).toHaveAttribute('aria-valuenow', '1');
    const first = await points.getAttribute('aria-valuetext');
    await points.press('End');
    await expect(points).not.toHaveAttribute('aria-valuetext', first!);
    await points.press('Enter');
    await expect(page.getByRole('dialog', { name: /^(Clean|Triggered) sample \d+$/ })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(points).toBeFocused();
  });

  await test.step('samples: put in order, searched, by ranks or scores, one opened by keys', async () => {
    await open('samples');
    const table = panel.getByRole('grid', { name: /^Samples/ });
    const row = (index: number) => table.locator('tbody tr[aria-rowindex]').nth(index);
    await expect(table.getByRole('columnheader', { name: 'knn' })).toBeVisible();
    const cell = row(0).getByRole('gridcell').last();
    await expect(cell).toHaveText(/^\s*\d[\d\s]*$/);
    await panel.getByRole('radio', { name: 'Scores' }).click();
    await expect(table.getByRole('columnheader', { name: 'Score by other runs' })).toBeVisible();
    await expect(cell).toHaveText(/\./);
    await table.getByRole('button', { name: 'knn' }).click();
    await expect(table.getByRole('columnheader', { name: 'knn' })).toHaveAttribute('aria-sort', 'descending');
    await table.getByRole('button', { name: 'Sample', exact: true }).focus();
    await expect(page.locator('.tooltip')).toContainText('Place of the sample in its dataset');
    await panel.getByRole('textbox', { name: 'Search samples' }).fill('triggered 7');
    await expect(row(0).getByRole('gridcell').nth(2)).toContainText('Triggered');
    await table.focus();
    await table.press('ArrowDown');
    const number = await row(1).getByRole('gridcell').nth(1).innerText();
    await table.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Triggered sample ${number}` });
    await expect(dialog.getByRole('img', { name: 'The sample as it was scored' })).toBeVisible();
    await expect(dialog.getByRole('row', { name: /^knn/ })).toHaveText(/knn\s*[\d.]+\s*\d+/);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(table).toBeFocused();
  });

  await test.step('config: readable, and copied as a command', async () => {
    await open('config');
    await expect(panel.getByRole('region', { name: 'Spec' })).toContainText('Mahalanobis distance');
    await panel.getByRole('button', { name: 'Copy as command' }).click();
    await expect.poll(clipboard).toBe(command);
    await panel.getByRole('radio', { name: 'JSON' }).click();
    await expect(panel.getByRole('region', { name: 'Spec' })).toContainText('"name": "mahalanobis"');
    await panel.getByRole('button', { name: 'Copy JSON' }).click();
    await expect.poll(async () => JSON.parse(await clipboard()) as unknown).toEqual(record.spec);
  });

  await test.step('log: filtered and copied', async () => {
    await open('log');
    const log = panel.getByRole('log');
    const lines = log.getByRole('paragraph');
    const all = await lines.count();
    const word = (await lines.last().locator('span').innerText()).split(' ')[0]!;
    await panel.getByRole('textbox', { name: 'Filter' }).fill(word);
    await expect(lines.first()).toContainText(word, { ignoreCase: true });
    const fewer = await lines.count();
    expect(fewer).toBeLessThan(all);
    await panel.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(async () => (await clipboard()).split('\n').length).toBe(fewer);
    await panel.getByRole('textbox', { name: 'Filter' }).fill('no such line');
    await expect(log).toContainText('No line has “no such line” in it.');
  });

  await test.step('a classifier is exported, too', async () => {
    await go(page, `#/runs/${classifier}`);
    await page.getByRole('button', { name: 'Export' }).click();
    const report = await saved(() => page.getByRole('dialog').getByRole('button', { name: 'Export' }).click());
    expect(readFileSync(report.path, 'utf8')).toContain(classifier);
  });
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

/** Every screen by what it is called, as addresses of the runs of this file. */
function screens(): Record<string, string> {
  const [classifier, first, second] = ids!;
  const tabs = ['scores', 'layers', 'activations', 'samples', 'config', 'log'].map((tab) => [
    tab,
    `#/runs/${first}/${tab}`,
  ]);
  const steps = ['task', 'model', 'detectors', 'evaluation', 'review'].map((step) => [`step ${step}`, `#/new/${step}`]);
  return {
    runs: '#/runs',
    run: `#/runs/${first}`,
    ...(Object.fromEntries(tabs) as Record<string, string>),
    classifier: `#/runs/${classifier}`,
    training: `#/runs/${classifier}/training`,
    compare: `#/compare/${first},${second}`,
    'experiment from a run': `#/new/task?from=${classifier}`,
    ...(Object.fromEntries(steps) as Record<string, string>),
    datasets: '#/datasets',
    'a dataset of numbers': '#/datasets/toy-features',
    'a dataset that is not there': '#/datasets/mnist',
    models: '#/models',
    'a model': `#/models/${classifier}`,
    settings: '#/settings',
  };
}

/** What opens over a screen: where it is opened, and how. */
function overlays(): Record<string, { hash: string; open: (page: Page) => Promise<void> }> {
  const run = `#/runs/${ids![1]}`;
  const click = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();
  const choose = (name: string) => async (page: Page) => {
    await click('More')(page);
    await page.getByRole('menuitem', { name }).click();
  };
  return {
    menu: { hash: run, open: click('More') },
    export: { hash: run, open: click('Export') },
    tags: { hash: run, open: choose('Tags') },
    notes: { hash: run, open: choose('Notes') },
    sample: { hash: `${run}/samples`, open: (page) => page.getByRole('row', { name: /Clean/ }).first().click() },
    palette: { hash: '#/runs', open: (page) => page.keyboard.press('Control+k') },
    shortcuts: { hash: '#/runs', open: (page) => page.keyboard.press('?') },
    'import of runs': { hash: '#/runs', open: click('Import') },
    'import of a dataset': { hash: '#/datasets', open: click('Import') },
    'import of a model': { hash: '#/models', open: click('Import') },
  };
}

test('no screen and no dialog has a fault that axe knows of, in either theme', async ({ page }) => {
  test.setTimeout(400_000);
  const check = async (name: string, within?: string) => {
    // Text that stands over something half loaded would be judged for what it is not.
    await expect(page.locator('.skeleton, [aria-busy="true"]')).toHaveCount(0, { timeout: 60_000 });
    expect.soft(await faultsByAxe(page, { within }), name).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect.soft(await faultsByAxe(page, { rules: 'colours', within }), `${name}, dark`).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  };
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  for (const [name, hash] of Object.entries(screens())) {
    await test.step(name, async () => {
      await go(page, hash);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await check(name);
    });
  }
  for (const [name, { hash, open }] of Object.entries(overlays())) {
    await test.step(name, async () => {
      await go(page, hash);
      await expect(page.locator('.skeleton')).toHaveCount(0);
      await open(page);
      const over = '.dialog, .menu:not([hidden])';
      const opened = page.locator(over);
      await expect(opened).toHaveCount(1);
      await check(name, over);
      await page.keyboard.press('Escape');
      await expect(opened).toHaveCount(0);
    });
  }
});
