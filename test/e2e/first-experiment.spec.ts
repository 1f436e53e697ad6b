import { expect, test, type Page } from './test.ts';

test.use({ own: 'first experiment' });

const steps = (page: Page) => page.getByRole('navigation', { name: 'Steps' });
const expectStep = (page: Page, name: string) =>
  expect(steps(page).getByRole('link', { name })).toHaveAttribute('aria-current', 'step');

test('ten detectors with three seeds are set up from the first start in at most twelve clicks', async ({
  page,
  program,
}) => {
  test.setTimeout(240_000);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await page.evaluate(
    "addEventListener('click', (event) => event.detail > 0 && (window.clicks = (window.clicks ?? 0) + 1), true)",
  );
  await page.getByRole('main').getByRole('link', { name: 'Set up my own' }).click();
  await steps(page).getByRole('link', { name: 'Detectors' }).click();
  await expectStep(page, 'Detectors');
  await page.getByRole('button', { name: 'Trusted data only' }).click();
  const cards = page.getByRole('list', { name: 'Detectors' }).getByRole('checkbox');
  await expect(cards.first()).toBeChecked();
  await cards.nth(1).click();
  await cards.nth(9).click({ modifiers: ['Shift'] });
  await page.getByRole('textbox', { name: 'Seeds' }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('3');
  const plan = page.getByRole('region', { name: 'Plan' });
  await expect(plan).toContainText('30 to compute');
  await expect(plan.getByRole('row')).toHaveCount(11);
  await steps(page).getByRole('link', { name: 'Review' }).click();
  await expectStep(page, 'Review');
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/#\/experiments\/[\w-]+/, { timeout: 60_000 });
  expect(await page.evaluate('window.clicks')).toBeLessThanOrEqual(12);
  const id = /#\/experiments\/([\w-]+)/.exec(page.url())?.[1] ?? '';
  await program.client.experiments.stop({ id });
});
