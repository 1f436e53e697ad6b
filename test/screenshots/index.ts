/**
 * `npm run screenshots`: takes every screen in both themes and two sizes, on real runs, into the ignored folder
 * build/screenshots, and renews those that the documentation shows.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { tinyDraft } from '../e2e/drafts.ts';
import { openBrowserWindow } from '../e2e/browser.ts';
import { experimentEnded, startProgram, temporaryHome, type Program } from '../e2e/program.ts';
import { keepDocumented } from './documented.ts';
import { makeWorkingWeek } from './working-week.ts';

const folder = fileURLToPath(new URL('../../build/screenshots/', import.meta.url));
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 700 },
] as const;

/** Charts and tables have settled by then. */
const settleMs = 1500;
/** Pictures and engines have been asked for by then, however busy the machine is. */
const loadMs = 60_000;

/** Waits until nothing on the page is still to come. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(settleMs);
  const deadline = Date.now() + loadMs;
  while (await page.evaluate<boolean>(`document.querySelector('.skeleton, [aria-busy="true"]') !== null`)) {
    if (Date.now() > deadline) throw new Error(`Still busy after ${loadMs / 1000} s: ${page.url()}`);
    await page.waitForTimeout(100);
  }
}

function screensOf(
  [classifier, first, second]: readonly string[],
  going: string,
  experiment: string | null,
): Record<string, string> {
  return {
    runs: '#/runs',
    'run-overview': `#/runs/${first}`,
    'run-scores': `#/runs/${first}/scores`,
    'run-layers': `#/runs/${first}/layers`,
    'run-activations': `#/runs/${first}/activations`,
    'run-samples': `#/runs/${first}/samples`,
    'run-config': `#/runs/${first}/config`,
    'run-log': `#/runs/${first}/log`,
    'run-training': `#/runs/${classifier}/training`,
    'run-going': `#/runs/${going}`,
    experiments: '#/experiments',
    experiment: `#/experiments/${experiment}`,
    compare: `#/compare/${first},${second}`,
    'new-task': '#/new/task',
    'new-model': '#/new/model',
    'new-detectors': '#/new/detectors',
    'new-evaluation': '#/new/evaluation',
    'new-review': '#/new/review',
    datasets: '#/datasets/glyphs',
    models: '#/models',
    settings: '#/settings',
  };
}

async function take(page: Page, theme: 'light' | 'dark', names: Record<string, string>): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const [name, hash] of Object.entries(names)) {
      await page.goto(new URL(hash, page.url()).href);
      await settled(page);
      await page.screenshot({ path: join(folder, `${name}-${theme}-${size.width}.png`) });
    }
  }
}

/** Serves the program in `home` and shows it in a browser as long as `work` takes. */
async function shown(home: string, work: (page: Page, program: Program) => Promise<void>): Promise<void> {
  const program = await startProgram(home);
  const { page, close } = await openBrowserWindow();
  try {
    await page.goto(await program.link());
    await page.waitForTimeout(settleMs);
    await work(page, program);
  } finally {
    await close();
    await program.stop();
  }
}

mkdirSync(folder, { recursive: true });
const themes = ['light', 'dark'] as const;
const { home, remove } = temporaryHome();
try {
  await shown(home, async (page) => {
    for (const theme of themes) await take(page, theme, { 'first-start': '#/runs' });
  });
  const { example } = await makeWorkingWeek(home);
  await shown(home, async (page, { client }) => {
    const many = { ...tinyDraft({ detectors: ['mahalanobis', 'knn', 'vae', 'pca-residual'] }), seeds: 3 };
    const { experiment } = await client.drafts.start({ draft: many });
    await experimentEnded(client, experiment ?? '');
    const { ids } = await client.drafts.start({ draft: tinyDraft({ epochs: 20_000 }) });
    for (const theme of themes) await take(page, theme, screensOf(example, ids[0]!, experiment));
  });
  await keepDocumented(folder);
} finally {
  remove();
}
