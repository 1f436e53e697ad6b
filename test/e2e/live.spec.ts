import { tinyDraft } from './drafts.ts';
import { runsEnded, type Program } from './program.ts';
import { cancelRun, expect, go, inElectron, test, type Page } from './test.ts';

/** So many epochs that nobody waits for their end. */
const endless = 5000;

/** Starts a training and opens it; gives its id. */
async function openTraining({ client }: Program, page: Page): Promise<string> {
  const { ids } = await client.drafts.start({ draft: tinyDraft({ epochs: endless }) });
  await go(page, `#/runs/${ids[0]}`);
  await expect(page.getByRole('main').getByRole('progressbar', { name: /Epoch/ })).toBeVisible({ timeout: 60_000 });
  return ids[0]!;
}

/** How far the training is, percent. */
async function share(page: Page): Promise<number> {
  return Number(await page.getByRole('main').getByRole('progressbar', { name: /Epoch/ }).getAttribute('aria-valuenow'));
}

test.describe('a training that goes on', () => {
  test('is picked up where it is when the page is loaded again, and cancelled', async ({ page, program }) => {
    const id = await openTraining(program, page);
    await page.reload();
    await expect(page.getByRole('main').getByRole('progressbar', { name: /Epoch/ })).toBeVisible();
    await page.getByRole('tab', { name: 'Training' }).click();
    await expect(page.getByRole('tabpanel')).toContainText('Loss');

    await page.getByRole('tab', { name: 'Log' }).click();
    const log = page.getByRole('log');
    const box = `document.querySelector('[role="log"]')`;
    const fromEnd = () =>
      page.evaluate<number>(
        `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(${box})`,
      );
    const follow = page.getByRole('switch', { name: 'Follow' });
    await expect(follow).toBeChecked();
    // More lines than fit: the end is followed until the user looks at what was before.
    await expect.poll(() => page.evaluate<boolean>(`${box}.scrollHeight > ${box}.clientHeight + 100`)).toBe(true);
    await expect.poll(fromEnd).toBeLessThan(24);
    await log.hover();
    await page.mouse.wheel(0, -400);
    await expect(follow).not.toBeChecked();
    await follow.click();
    await expect.poll(fromEnd).toBeLessThan(24);

    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Move to trash' }).click();
    await expect(page.getByRole('region', { name: 'Messages' })).toContainText('is running');
    expect(page.url()).toContain(id);

    await cancelRun(page);
    await expect(page.getByRole('main')).toContainText('Cancelled');
    expect(await runsEnded(program.client, [id])).toEqual(['cancelled']);
    await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  });

  test('is told beside the estimate of another experiment, which shares the machine with it', async ({
    page,
    program,
  }) => {
    const id = await openTraining(program, page);
    await go(page, '#/new/detectors');
    await expect(page.getByRole('main')).toContainText('2 runs are running or waiting on this machine');
    await program.client.runs.cancel({ ids: [id] });
    expect(await runsEnded(program.client, [id])).toEqual(['cancelled']);
    await expect(page.getByRole('main')).not.toContainText('on this machine, so it takes longer');
  });

  test('is drawn step by step before its first epoch has ended', async ({ page, program }) => {
    const draft = tinyDraft({ epochs: 2 });
    const { classifier } = draft;
    if (classifier.source !== 'train') throw new Error('The draft trains nothing.');
    const slow = {
      ...classifier.params,
      train_data: { name: 'backdoor', original: { name: 'glyphs' }, backdoor: { name: 'corner' } },
      model: { name: 'cnn' },
      batch_size: 8,
    };
    const { ids } = await program.client.drafts.start({
      draft: { ...draft, classifier: { source: 'train', params: slow } },
    });
    await go(page, `#/runs/${ids[0]}/training`);
    const panel = page.getByRole('tabpanel');
    await expect(panel.getByRole('img', { name: /before the end of the first epoch/ })).toBeAttached({
      timeout: 60_000,
    });
    await expect(panel.locator('canvas')).toBeVisible();
    await program.client.runs.cancel({ ids });
    await runsEnded(program.client, ids);
  });

  test('fails with the reason when its process is killed; the next one runs', async ({ page, program }) => {
    const id = await openTraining(program, page);
    const processes = await program.computeProcesses();
    expect(processes).toHaveLength(1);
    process.kill(processes[0]!, 'SIGKILL');
    await expect(page.getByRole('main')).toContainText('Failed');
    await expect(page.getByRole('main')).toContainText('was ended by SIGKILL in the middle of the run');
    expect(await runsEnded(program.client, [id])).toEqual(['failed']);

    const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
    expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);

    // Memory may have been the reason: half the batch size is offered.
    const state = page.locator('section', { has: page.getByRole('heading', { name: 'This run failed' }) });
    await expect(state.getByLabel('Batch size')).toHaveValue('32');
    await state.getByLabel('Batch size').fill('640');
    await expect(state).toContainText('A whole number of 1 to 64.');
    await state.getByLabel('Batch size').fill('16');
    await state.getByRole('button', { name: 'Resume' }).click();
    await expect(page.getByRole('heading', { name: 'This run failed' })).toBeHidden();
    await expect.poll(async () => (await program.client.runs.get({ id })).record.spec['batch_size']).toBe(16);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    expect(await runsEnded(program.client, [id])).toEqual(['cancelled']);
  });

  test('is the same in two windows', async ({ page, program, browser }) => {
    test.skip(inElectron, 'It has one window.');
    const id = await openTraining(program, page);
    const other = await browser.newPage();
    await other.goto(await program.link());
    const row = other.getByRole('row').filter({ has: other.locator(`a[href="#/runs/${id}"]`) });
    await expect(row.getByRole('progressbar')).toBeVisible();
    expect(await share(page)).toBeGreaterThanOrEqual(0);

    await program.client.runs.change({ ids: [id], addTags: ['seen twice'] });
    await expect(row).toContainText('seen twice');
    await expect(page.getByRole('main')).toContainText('seen twice');

    await cancelRun(page);
    await expect(row).toContainText('Cancelled');
    await other.close();
  });
});
