import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, go, test } from './test.ts';

test.beforeEach(async ({ page }) => {
  await go(page, '#/settings');
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('diagnostics are copied, with what a bug report needs and no results', async ({ page, program, clipboard }) => {
  await page.getByRole('button', { name: 'Copy diagnostics' }).click();
  await expect(page.getByText('Diagnostics copied. Nothing was sent anywhere.')).toBeVisible();
  const text = await clipboard();
  const { versions } = await program.client.app.info({});
  expect(text).toContain(versions['cupbearer']);
  expect(text).toContain(program.home);
  for (const section of ['Program', 'Machine', 'Folders', 'Catalogue', 'Settings']) expect(text).toContain(section);
});

test('the speed of an engine is measured by a click, and what whole jobs would take is told', async ({ page }) => {
  test.setTimeout(240_000);
  const panel = page.getByRole('region', { name: 'Speed test' });
  await panel.getByRole('button', { name: 'Measure' }).click({ timeout: 60_000 });
  await expect(panel.getByRole('progressbar')).toBeVisible();
  await expect(panel.getByRole('table')).toHaveCount(2, { timeout: 180_000 });
  await expect(panel.getByRole('row', { name: /Matrix product/i }).first()).toContainText(/\d.*(s|ms)/);
  await expect(panel.getByRole('row', { name: /^The demo/ })).toContainText(/about \d/);
});

test('settings are reset, and had back', async ({ page, program }) => {
  const jobs = page.getByRole('textbox', { name: 'Parallel jobs' });
  await page.getByRole('radio', { name: 'Dark' }).click();
  await jobs.fill('17');
  await expect(page.getByText('Must be a whole number from 1 to 16.')).toBeVisible();
  await jobs.fill('3');
  await expect.poll(async () => (await program.client.app.settings({})).parallelJobs).toBe(3);

  await page.getByRole('button', { name: 'Reset all settings' }).click();
  await expect(page.getByRole('radio', { name: 'System' })).toBeChecked();
  await expect(jobs).toHaveValue('1');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked();
  await expect(jobs).toHaveValue('3');
  expect(await program.client.app.settings({})).toMatchObject({ theme: 'dark', parallelJobs: 3 });
});

test('the activation cache is limited, and cleared', async ({ page, program }) => {
  const kept = join(program.home, 'activations', `${'a'.repeat(64)}.safetensors`);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, Buffer.alloc(2_500_000));
  await page.reload();
  await expect(page.getByText(/^\d+(\.\d)?.MB in \d+ files?\. At most .* from the next run on\.$/)).toBeVisible();
  const limit = page.getByRole('textbox', { name: 'Activation cache' });
  await limit.fill('-1');
  await expect(page.getByText('Must be a number from 0, or empty for what suits the disk.')).toBeVisible();
  await limit.fill('1.5');
  await expect(page.getByText(/At most 1\.5.GB/)).toBeVisible();
  expect((await program.client.app.settings({})).activationCache).toBe(1.5e9);
  await limit.fill('');
  await expect.poll(async () => (await program.client.app.settings({})).activationCache).toBeNull();
  await page.getByRole('button', { name: 'Clear cache' }).click();
  await expect(page.getByText(/^0.B in 0 files\./)).toBeVisible();
  expect(existsSync(kept)).toBe(false);
});

test('a folder that cannot be had is refused where it is written', async ({ page, program }) => {
  const folder = page.getByRole('textbox', { name: 'Datasets' });
  const before = await folder.inputValue();
  await folder.fill('relative/folder');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(folder).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(folder).toHaveValue(before);
  expect((await program.client.app.info({})).dataDir).toBe(before);
});

test('the licences of what the program contains are shown', async ({ page }) => {
  await page.getByRole('button', { name: 'Show licences' }).click();
  const dialog = page.getByRole('dialog', { name: 'Licences of third parties' });
  await expect(dialog).toContainText('SIL OPEN FONT LICENSE Version 1.1');
  await expect(dialog).toContainText(/svelte \d+\.\d+\.\d+ \(MIT\)/);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});
