import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tinyDraft } from './drafts.ts';
import { picturesOfPets } from './pictures.ts';
import { runsEnded, startProgram, temporaryHome } from './program.ts';
import { expect, go, inElectron, test, webHost, type Page } from './test.ts';

test.skip(inElectron, 'These are about the web host and what happens behind the back of a program.');

const rowOf = (page: Page, id: string) => page.locator(`tr[data-run="${id}"]`);

test.beforeEach(() => test.setTimeout(180_000));

test('a second program on the same catalogue takes the next port, and each shows what the other does', async ({
  page,
  program,
  browser,
}) => {
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
  const second = await startProgram(program.home, webHost(program).port);
  try {
    expect(second.port).not.toBe(webHost(program).port);
    expect(second.output()).toContain(`Port ${webHost(program).port} is taken; ${second.port} is used instead.`);
    const other = await browser.newPage();
    await other.goto(await second.link());
    const { ids } = await second.client.drafts.start({ draft: tinyDraft() });
    await expect(rowOf(page, ids[0]!)).toBeVisible();
    expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
    for (const window of [page, other]) await expect(rowOf(window, ids[1]!)).toContainText('Done');
    await program.client.runs.change({ ids: [ids[1]!], addTags: ['from the first'] });
    await expect(rowOf(other, ids[1]!)).toContainText('from the first');
    await other.close();
  } finally {
    await second.stop();
  }
  // The first one goes on.
  await page.reload();
  await expect(page.getByRole('grid', { name: 'Runs' })).toContainText('from the first');
});

test('a run folder that is deleted behind its back is told of where the run is shown', async ({ page, program }) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  const id = ids[1]!;
  await go(page, `#/runs/${id}`);
  await expect(page.getByRole('tabpanel')).toContainText('AUROC');
  rmSync((await program.client.runs.get({ id })).record.folder, { recursive: true });
  const panel = page.getByRole('tabpanel');
  await page.getByRole('tab', { name: 'Samples' }).click();
  await expect(panel).toContainText('there is no such folder');
  await page.getByRole('tab', { name: 'Activations' }).click();
  await expect(panel).toContainText('There is no file');
  await page.reload();
  for (const tab of ['Overview', 'Scores', 'Log']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(panel).toContainText(/folder of this run is gone/i);
  }
  await page.getByRole('tab', { name: 'Config' }).click();
  await expect(panel).toContainText('the folder is gone; this is what the catalogue has');
  await go(page, '#/runs');
  await expect(rowOf(page, id)).toBeVisible();
});

test('scores that are taken out of a run’s folder are told of on every tab that needs them', async ({
  page,
  program,
}) => {
  const { ids } = await program.client.drafts.start({ draft: tinyDraft() });
  const id = ids[1]!;
  await go(page, `#/runs/${id}`);
  const panel = page.getByRole('tabpanel');
  await expect(panel).toContainText('The result will appear here');
  // From the moment that it ends to the one in which its result is there nothing is said that is not so.
  await page.evaluate(`new MutationObserver(() => {
    if (/no evaluation|Nothing was kept/.test(document.body.innerText)) document.body.dataset.flashed = 'yes';
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'done']);
  await expect(panel).toContainText('AUROC');
  await expect(page.locator('body')).not.toHaveAttribute('data-flashed', 'yes');

  const { folder } = (await program.client.runs.get({ id })).record;
  const [scores, away] = [join(folder, 'scores'), join(folder, 'away')];
  renameSync(join(scores, 'all.npy'), away);
  await page.reload();
  await expect(panel.getByRole('region', { name: 'Activations' })).toContainText('Those over all layers are missing');
  await page.getByRole('tab', { name: 'Scores' }).click();
  await expect(panel.getByRole('alert')).toContainText('Those over all layers are missing');
  renameSync(away, join(scores, 'all.npy'));
  renameSync(scores, away);
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(panel.getByRole('alert')).toContainText('anomaly_labels.npy');
  for (const tab of ['Overview', 'Activations', 'Samples']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(panel).toContainText(/scores (of this run )?could not be read/);
  }
  renameSync(away, scores);
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(panel.getByRole('heading', { name: 'All samples' })).toBeVisible();
});

test('data that vanish while a run goes on are named where the user is', async ({ page, program }) => {
  const folder = picturesOfPets(join(program.home, 'vanishing'));
  const { ids } = await program.client.drafts.start({
    draft: {
      ...tinyDraft(),
      classifier: {
        source: 'train',
        params: {
          train_data: {
            name: 'backdoor',
            original: { name: 'image-folder', folder, size: 16 },
            backdoor: { name: 'corner' },
          },
          model: { name: 'mlp', hidden_dims: [32, 32] },
          num_epochs: 100,
          batch_size: 16,
        },
      },
    },
  });
  await go(page, `#/runs/${ids[0]!}`);
  await expect(page.getByRole('main').getByRole('progressbar', { name: /Epoch/ })).toBeVisible({ timeout: 60_000 });
  rmSync(folder, { recursive: true });
  expect(await runsEnded(program.client, ids)).toEqual(['done', 'failed']);
  await go(page, `#/runs/${ids[1]!}`);
  await expect(page.getByRole('heading', { name: 'This run failed' })).toBeVisible();
  await expect(page.getByRole('tabpanel')).toContainText(folder);
  await go(page, '#/runs');
  await expect(rowOf(page, ids[1]!)).toContainText(folder);
});

test('a disk that is full is said to be, and nothing is lost', async ({ browser }) => {
  const { home, remove } = temporaryHome();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', home]).status === 0;
  test.skip(!mounted, 'A disk of its own can be mounted by root on Linux alone.');
  try {
    const program = await startProgram(home);
    try {
      const page = await browser.newPage();
      await page.goto(await program.link());
      await page.getByRole('button', { name: 'Run the one-minute example' }).waitFor();
      const filler = join(home, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', 'count=8192']);
      await page.getByRole('button', { name: 'Run the one-minute example' }).click();
      await expect(page.getByRole('region', { name: 'Messages' })).toContainText(/disk is full.*Free some space/);
      rmSync(filler);
      await page.getByRole('button', { name: 'Run the one-minute example' }).click();
      await expect(page.getByRole('gridcell', { name: 'Running' })).toBeVisible({ timeout: 60_000 });
      await page.close();
    } finally {
      await program.stop();
    }
  } finally {
    spawnSync('umount', [home]);
    remove();
  }
});

test('a link that lets nobody in says how to get one, and foreign pages get nothing', async ({ browser, program }) => {
  const page = await (await browser.newContext()).newPage();
  const { port } = webHost(program);
  await page.goto(`http://127.0.0.1:${port}/?token=wrong`);
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  await expect(page.locator('body')).toContainText('press Enter there for a new one');
  const foreign = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>Foreign</p>'));
  foreign.listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  try {
    // Signed in: the browser has the cookie, and sends it along from wherever it is asked on this machine.
    await page.goto(await program.link());
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    for (const path of ['/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json']) {
      expect(await page.evaluate<number>(`fetch('${path}').then(({ status }) => status)`), path).toBe(404);
    }
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    const opened = await page.evaluate<string>(`new Promise((resolve) => {
      const socket = new WebSocket('ws://127.0.0.1:${port}/rpc');
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('refused');
    })`);
    expect(opened).toBe('refused');
    const read = await page.evaluate<string>(
      `fetch('http://127.0.0.1:${port}/', { credentials: 'include' }).then(() => 'read', () => 'refused')`,
    );
    expect(read).toBe('refused');
  } finally {
    foreign.close();
    await page.context().close();
  }
});
