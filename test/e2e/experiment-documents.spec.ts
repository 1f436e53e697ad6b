import { readFileSync } from 'node:fs';
import { tinyDraft } from './drafts.ts';
import { experimentEnded } from './program.ts';
import { expect, faultsByAxe, go, inElectron, test, type Page } from './test.ts';

test.use({ own: 'experiment-documents' });

const dialog = (page: Page) => page.getByRole('dialog');

async function choose(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name }).click();
}

test('an experiment is drawn for a paper, reported and printed', async ({ page, program, saved }) => {
  test.setTimeout(240_000);
  const { client } = program;
  const draft = { ...tinyDraft({ epochs: 1, detectors: ['mahalanobis', 'energy'] }), seeds: 1, name: 'For a paper' };
  const { experiment } = await client.drafts.start({ draft });
  await experimentEnded(client, experiment ?? '');
  await go(page, `#/experiments/${experiment}`);
  await expect(page.getByRole('grid', { name: 'Results: detectors by tasks' })).toBeVisible({ timeout: 60_000 });

  await test.step('a figure has the size that was asked for, and its limits are said', async () => {
    await choose(page, /^Figure/);
    await expect(dialog(page)).toContainText('Text stays text in PDF and SVG');
    expect(await faultsByAxe(page)).toEqual([]);
    await dialog(page).getByRole('textbox', { name: 'Width' }).fill('2');
    await expect(dialog(page)).toContainText('Must be 40 to 400.');
    await expect(dialog(page).getByRole('button', { name: 'Export' })).toBeDisabled();
    await dialog(page).getByRole('textbox', { name: 'Width' }).fill('84');
    await dialog(page).getByRole('radio', { name: 'SVG' }).click();
    const { name, path } = await saved(() => dialog(page).getByRole('button', { name: 'Export' }).click());
    expect(name).toMatch(/-matrix\.svg$/);
    const svg = readFileSync(path, 'utf8');
    expect(svg).toContain(' width="84mm" ');
    expect(svg).toContain('>energy</text>');
    await expect(dialog(page)).toBeHidden();
  });

  await test.step('a figure that there is nothing for says so, and the dialog stays', async () => {
    await choose(page, /^Figure/);
    await dialog(page).getByRole('combobox', { name: 'Figure' }).click();
    await page.getByRole('option', { name: /Mean ranks/ }).click();
    await dialog(page).getByRole('textbox', { name: 'Width' }).fill('40');
    await dialog(page).getByRole('textbox', { name: 'Font size' }).fill('24');
    await dialog(page).getByRole('button', { name: 'Export' }).click();
    await expect(dialog(page).getByRole('alert')).toContainText(
      /do not fit into this width|There are no ranks to draw/,
    );
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  });

  await test.step('a report is one file, with the experiment in it', async () => {
    await choose(page, /^Report/);
    expect(await faultsByAxe(page)).toEqual([]);
    await dialog(page).getByRole('combobox', { name: 'Single cells' }).click();
    await page.getByRole('option', { name: /A page each/ }).click();
    const { name, path } = await saved(() => dialog(page).getByRole('button', { name: 'Save' }).click());
    expect(name).toMatch(/\.html$/);
    const html = readFileSync(path, 'utf8');
    expect(html).toContain('<h2 id="threat-model">Threat model</h2>');
    expect(html).toMatch(/<h2 id="cell-2-1">energy on /);
    expect(html).toContain('<pre id="experiment-file">');
    expect(html).not.toMatch(/(src|href)="https?:/);
  });

  await test.step('it is printed, with its styles', async () => {
    const print = async () => {
      await choose(page, /^Report/);
      await dialog(page).getByRole('radio', { name: 'PDF' }).check();
      await dialog(page).getByRole('button', { name: 'Print' }).click();
    };
    if (inElectron) {
      expect(
        readFileSync((await saved(print)).path)
          .subarray(0, 4)
          .toString(),
      ).toBe('%PDF');
      return;
    }
    // A page cannot know what the browser's dialog prints: what it would print is looked at in its place.
    await page.addInitScript({
      content: `window.print = () => {
        top.document.body.dataset.printed = document.querySelector('#experiment-file') ? getComputedStyle(document.body).maxWidth : 'none';
      };`,
    });
    await print();
    await expect(page.locator('body')).toHaveAttribute('data-printed', '880px');
  });
});
