import { test as bare } from '@playwright/test';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, temporaryHome } from './program.ts';
import { startSlowMirror } from './slow-mirror.ts';
import { expect, go, inElectron, test } from './test.ts';

/** Of the first file of Fashion-MNIST, which comes over plain HTTP. */
const bytes = 26_421_880;

bare('a download says how far it is, is cancelled, and goes on from there', async ({ page }) => {
  bare.skip(inElectron, 'The way to the mirror is that of the program behind the web host.');
  const mirror = await startSlowMirror(bytes);
  const { home, remove } = temporaryHome();
  const program = await startProgram(home, 0, mirror.env);
  try {
    await page.goto(await program.link());
    await go(page, '#/datasets/fashion-mnist');
    const detail = page.getByRole('article');
    const entry = page.getByRole('link', { name: /Fashion-MNIST/ });
    await expect(entry).toContainText('to download');
    await detail.getByRole('button', { name: /^Download, 30/ }).click();

    const bar = detail.getByRole('progressbar', { name: /train-images-idx3-ubyte\.gz, [\d.]+ \wB of 30/ });
    await expect(bar).toBeVisible();
    const percent = async () => Number(/(\d+)\s%/.exec(await entry.innerText())?.[1] ?? 0);
    await expect.poll(percent).toBeGreaterThan(2);
    const before = await percent();
    await expect.poll(percent).toBeGreaterThan(before);
    // It goes on while one looks at something else.
    await go(page, '#/datasets/glyphs');
    await expect(entry).toContainText('Downloading');
    await go(page, '#/datasets/fashion-mnist');

    await detail.getByRole('button', { name: 'Cancel' }).click();
    await expect(bar).toHaveCount(0);
    await expect(page.getByRole('alert')).toHaveCount(0);
    const folder = join(home, 'data', 'fashion-mnist');
    const [part] = readdirSync(folder);
    expect(part).toBe('train-images-idx3-ubyte.gz.part');
    const kept = statSync(join(folder, part!)).size;
    expect(kept).toBeGreaterThan(0);

    await detail.getByRole('button', { name: /^(Download|Go on downloading)/ }).click();
    await expect(bar).toBeVisible();
    await expect.poll(() => mirror.asked.at(-1)).toMatchObject({ from: kept });
    await detail.getByRole('button', { name: 'Cancel' }).click();
    await expect(bar).toHaveCount(0);
  } finally {
    await program.stop();
    await mirror.close();
    remove();
  }
});

test('a dataset that its publishers hand out themselves says how to get it', async ({ page, program }) => {
  await go(page, '#/datasets/gtsrb');
  const detail = page.getByRole('article');
  await expect(detail).toContainText('How to get it');
  await expect(detail).toContainText('GTSRB_Final_Test_GT.zip');
  await expect(detail).toContainText(join(program.home, 'data', 'gtsrb'));
  await expect(detail.getByRole('link', { name: 'https://benchmark.ini.rub.de' }).first()).toBeVisible();
});
