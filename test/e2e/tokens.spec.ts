import { join } from 'node:path';
import type { TokenPooling } from '../../shared/scores/token-pooling.ts';
import { writeRecordedTexts } from '../recorded-texts.ts';
import { tinyDraft } from './drafts.ts';
import { runsEnded } from './program.ts';
import { expect, faultsByAxe, go, test } from './test.ts';

test('the tokens of a text are scored, pooled otherwise after the run, and compared with trusted texts', async ({
  page,
  program,
}) => {
  test.setTimeout(240_000);
  const sets = writeRecordedTexts(join(program.home, 'texts'));
  // Scored token by token, and as one vector each, whose activations have a projection.
  const startedBy = async (tokens: string) => {
    const task = { name: 'activations', ...sets, test_labels: 'label', max_train_size: 90 };
    const draft = { ...tinyDraft(), task, detectors: [{ name: 'mahalanobis', tokens }] };
    return (await program.client.drafts.start({ draft })).ids[0]!;
  };
  const [id, pooled] = [await startedBy('score-last'), await startedBy('last')];
  expect(await runsEnded(program.client, [id, pooled])).toEqual(['done', 'done']);
  const resultOf = (pooling: TokenPooling) => program.client.runs.result({ id, pooling });

  await go(page, `#/runs/${id}/samples`);
  const inspector = page.getByRole('region', { name: /^Sample \d+$/ });
  const tokens = inspector.getByRole('group', { name: 'Tokens of the text, coloured by score' });
  // The most suspicious text has the phrase; the first token of it that leaves a trace stands out.
  await expect(tokens.getByRole('button', { name: /^lighthouse|^light,/ }).first()).toBeVisible();
  const strip = inspector.getByRole('img', { name: /^Score of each of \d+ tokens/ });
  await expect(strip).toHaveAccessibleName(/last is/);

  await test.step('arrow keys go from token to token', async () => {
    await tokens.getByRole('button').first().click();
    await page.keyboard.press('ArrowRight');
    await expect(tokens.getByRole('button').nth(1)).toHaveAttribute('aria-pressed', 'true');
    await expect(inspector).toContainText('Token 2 of');
  });

  await test.step('another pooling counts everywhere, and stands in the address', async () => {
    const ways = inspector.getByRole('radiogroup', { name: 'Score of a text from its tokens' });
    await expect(ways.getByRole('radio', { name: /^Last/ })).toBeChecked();
    await ways.getByRole('radio', { name: /^Max/ }).click();
    await expect(strip).toHaveAccessibleName(/max is/);
    await expect(page).toHaveURL(/pooling=max/);
    const shown = (await resultOf('max'))!.layers['all']!.AUC_ROC;
    await go(page, `#/runs/${id}?pooling=max`);
    await expect(page.getByRole('radio', { name: /^Max/ })).toBeChecked();
    await expect(page.getByRole('main')).toContainText(`Max ${shown.toFixed(3)}`);
    await page.getByRole('radio', { name: /^Last/ }).click();
    await expect(page).not.toHaveURL(/pooling/);
    await page.goBack();
    await expect(page.getByRole('radio', { name: /^Max/ })).toBeChecked();
  });

  await test.step('places that no text has leave what is shown', async () => {
    await go(page, `#/runs/${id}?pooling=5000`);
    await expect(page.getByRole('alert')).toContainText('in every text');
    await expect(page.getByRole('main')).toContainText('AUROC');
  });

  await test.step('nearest trusted texts and metadata stand below', async () => {
    await go(page, `#/runs/${id}/samples`);
    await expect(
      inspector.getByRole('region', { name: 'Nearest trusted' }).getByRole('listitem').first(),
    ).toBeVisible();
    await expect(inspector.getByRole('region', { name: 'Metadata' })).toContainText(/yelp|amazon|imdb|books/);
    expect(await faultsByAxe(page)).toEqual([]);
  });

  await test.step('the projection takes its colours from a column', async () => {
    await go(page, `#/runs/${pooled}/activations`);
    await page.getByRole('combobox', { name: 'Colour points by' }).click();
    await page.getByRole('option', { name: 'source' }).click();
    await expect(page.getByLabel('Colours by source')).toContainText('yelp');
  });
});
