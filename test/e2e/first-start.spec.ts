import { readFileSync } from 'node:fs';
import { expect, faultsByAxe, inElectron, test } from './test.ts';

test.use({ own: 'first start' });

test('from the first start to an exported report', async ({ page, saved }) => {
  test.setTimeout(300_000);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  expect(await faultsByAxe(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await faultsByAxe(page, { rules: 'colours' })).toEqual([]);
  await page.emulateMedia({ colorScheme: null });
  await page.getByRole('button', { name: 'Run the one-minute example' }).click();

  await test.step('progress is seen in the rows', async () => {
    await expect(page.getByRole('progressbar').first()).toBeVisible();
    await expect(page.getByRole('row', { name: /Waits for the classifier/ })).toBeVisible();
    await expect(page.getByRole('gridcell', { name: 'Running' })).toBeVisible();
  });

  await test.step('the result stands in its row, and opens', async () => {
    const row = page.getByRole('row', { name: /mahalanobis.*AUROC|Done.*mahalanobis/ });
    await expect(row).toBeVisible({ timeout: 240_000 });
    await row.getByRole('link').first().click();
    await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
    await expect(page.getByRole('tabpanel')).toContainText('AUROC');
  });

  await test.step('the threshold is dragged, and its figures follow', async () => {
    await page.getByRole('tab', { name: 'Scores' }).click();
    const slider = page.getByRole('slider', { name: 'Threshold' });
    await slider.scrollIntoViewIfNeeded();
    const before = await slider.getAttribute('aria-valuetext');
    const box = (await slider.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x - 120, box.y + box.height / 2, { steps: 10 });
    await page.mouse.up();
    await expect(slider).not.toHaveAttribute('aria-valuetext', before!);
    const dragged = await slider.getAttribute('aria-valuetext');
    await slider.press('ArrowRight');
    await expect(slider).not.toHaveAttribute('aria-valuetext', dragged!);
    await slider.press('Home');
    await expect(slider).toHaveAttribute('aria-valuetext', /TPR 100(\.0)?\s?%, FPR 100(\.0)?\s?%/);
  });

  await test.step('a report is saved that needs nothing else', async () => {
    await page.getByRole('button', { name: 'Export' }).click();
    const { name, path } = await saved(() => page.getByRole('dialog').getByRole('button', { name: 'Export' }).click());
    expect(name).toMatch(/\.html$/);
    const html = readFileSync(path, 'utf8');
    expect(html).toContain('AUROC');
    expect(html).not.toMatch(/(src|href)="https?:/);
  });

  await test.step('the same is printed, with its styles', async () => {
    const asPdf = async () => {
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('radio', { name: 'Report, PDF' }).check();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /Export|Print/ })
        .click();
    };
    if (inElectron) {
      expect(
        readFileSync((await saved(asPdf)).path)
          .subarray(0, 4)
          .toString(),
      ).toBe('%PDF');
      return;
    }
    // A page cannot know what the browser's dialog prints: what it would print is looked at in its place.
    await page.addInitScript({
      content: `window.print = () => {
        const fonts = [...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family);
        top.document.body.dataset.printed = getComputedStyle(document.body).maxWidth + ' ' + fonts[0];
      };`,
    });
    await asPdf();
    await expect(page.locator('body')).toHaveAttribute('data-printed', '880px Inter');
  });
});
