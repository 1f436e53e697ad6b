/** `npm run bench:ui`: how fast the window is, against what it has to reach. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { evaluateScores } from '../../../main/evaluation/evaluate-scores.ts';
import { writeScores } from '../../../main/storage/run-folder.ts';
import { RandomStream } from '../../../main/tensor/random.ts';
import { openBrowserWindow } from '../../e2e/browser.ts';
import { tinyDraft } from '../../e2e/drafts.ts';
import { runsEnded, startProgram, temporaryHome, type Program } from '../../e2e/program.ts';
import { seedEvaluatedRuns } from '../../evaluated-runs.ts';
import { seedExperiment } from '../../seeded-experiment.ts';
import { seedRuns } from '../../seeded-runs.ts';
import { reportFile } from '../../api/report-file.ts';

const assets = fileURLToPath(new URL('../../../dist/renderer/assets/', import.meta.url));
const seeded = 10_000;
const [tasks, detectors] = [40, 50];
const samples = 60_000;
const layers = ['layers.linear_0.output', 'layers.relu_0.output', 'layers.linear_1.output', 'layers.relu_1.output'];

/** A figure, and what it has to stay below. */
function tell(what: string, value: number, limit: number, unit: string): void {
  const shown = `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
  process.stdout.write(
    `${what.padEnd(58)}${shown.padStart(10)}   ${value < limit ? 'below' : 'ABOVE'} ${limit} ${unit}\n`,
  );
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Milliseconds from `begin` in the page until `isDone` holds there and has been painted. */
async function until(page: Page, begin: string, isDone: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const started = performance.now();
    ${begin};
    const look = () => requestAnimationFrame(() => ${isDone} ? setTimeout(() => resolve(performance.now() - started)) : look());
    look();
  })`);
}

/** First rows of the whole catalogue, from the start of the navigation, a page already signed in. */
async function firstPaint(page: Page, address: string): Promise<number> {
  const times: number[] = [];
  for (let k = 0; k < 5; k++) {
    await page.goto('about:blank');
    await page.goto(address, { waitUntil: 'commit' });
    times.push(
      await page.evaluate<number>(`new Promise((resolve) => {
        const look = () => requestAnimationFrame(() =>
          document.querySelector('tbody a') ? setTimeout(() => resolve(performance.now())) : look());
        look();
      })`),
    );
  }
  return median(times);
}

/** From a key in the filter to the table of so many runs that answers it. */
async function keystroke(page: Page, runs = seeded): Promise<number> {
  await page.locator(`[aria-rowcount="${runs + 1}"], [aria-rowcount="${runs + 2}"]`).waitFor({ timeout: 300_000 });
  const times: number[] = [];
  for (const text of ['knn', 'tag:paper', 'auroc>0.9', 'detector:que', 'wanet']) {
    const before = `document.querySelector('[aria-rowcount]').getAttribute('aria-rowcount')`;
    const type = (value: string) =>
      `const field = document.querySelector('[data-search]'); const before = ${before}; field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event('input', { bubbles: true }))`;
    times.push(await until(page, type(text), `${before} !== before`));
    await until(page, type(''), `${before} !== before`);
  }
  return median(times);
}

/** From the choice of groups to the table in them, all runs being in it. */
async function grouping(page: Page): Promise<number> {
  const times: number[] = [];
  for (const groups of ['detector', 'task,detector', 'detector,model', 'task', 'detector,task']) {
    const address = (text: string) => `location.hash = '#/runs?${text}'`;
    times.push(
      await until(page, address(`group=${groups}`), `document.querySelector('[role=treegrid] tr[data-group]')`),
    );
    await until(page, address('sort=when'), `document.querySelector('[role=grid] tr[data-run]')`);
  }
  return median(times);
}

/** The same with ten times as many runs, as multiples of what it takes with these. */
async function tenfold(few: Record<'paint' | 'key' | 'group', number>): Promise<void> {
  const { home, remove } = temporaryHome();
  seedRuns(home, 10 * seeded);
  const program = await startProgram(home);
  const { page, close } = await openBrowserWindow();
  try {
    await page.goto(await program.link());
    const paint = await firstPaint(page, `http://127.0.0.1:${program.port}/`);
    tell('First paint, 100,000 runs : 10,000', paint / few.paint, 1.5, '');
    tell('Key in the filter, 100,000 runs : 10,000', (await keystroke(page, 10 * seeded)) / few.key, 4, '');
    tell('Groups, 100,000 runs : 10,000', (await grouping(page)) / few.group, 4, '');
  } finally {
    await close();
    await program.stop();
    remove();
  }
}

const firstFigure = `document.querySelector('td[aria-selected] b')?.textContent`;

/** The matrix of an experiment with 2,000 cells: its first paint, the first time and afterwards, and redrawing it with another metric. */
async function matrix(
  page: Page,
  address: string,
): Promise<{ cold: number; paint: number; first: number; redraw: number }> {
  const open = async () => {
    await page.goto('about:blank');
    await page.goto(address, { waitUntil: 'commit' });
    return page.evaluate<number>(`new Promise((resolve) => {
      const look = () => requestAnimationFrame(() =>
        ${firstFigure} ? setTimeout(() => resolve(performance.now())) : look());
      look();
    })`);
  };
  const cold = await open();
  const paints: number[] = [];
  for (let k = 0; k < 5; k++) paints.push(await open());
  const show = (metric: string) =>
    until(
      page,
      `const before = ${firstFigure}; [...document.querySelectorAll('[role=radio]')].find((each) => each.textContent.trim() === '${metric}').click()`,
      `${firstFigure} !== before`,
    );
  const first = await show('AP');
  const redraws: number[] = [];
  for (let k = 0; k < 5; k++) redraws.push(await show('AUROC'), await show('AP'));
  return { cold, paint: median(paints), first, redraw: median(redraws) };
}

/** The longest time without a frame, and the median of a call, while a convolutional network trains. */
async function underLoad(page: Page, { client, link }: Program): Promise<{ stallMs: number; callMs: number }> {
  const draft = tinyDraft({ epochs: 5000 });
  const { ids } = await client.drafts.start({
    draft: {
      ...draft,
      classifier: {
        source: 'train',
        params: {
          train_data: { name: 'backdoor', original: { name: 'glyphs' }, backdoor: { name: 'corner' } },
          model: { name: 'cnn' },
          num_epochs: 5000,
        },
      },
    },
  });
  await page.goto(await link());
  await page.goto(new URL(`#/runs/${ids[0]}`, page.url()).href);
  await page.getByRole('main').getByRole('progressbar', { name: /Epoch/ }).waitFor({ timeout: 120_000 });
  const stall = page.evaluate<number>(`new Promise((resolve) => {
    let longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({ type: 'longtask' });
    setTimeout(() => resolve(longest), 10000);
  })`);
  const calls: number[] = [];
  for (let k = 0; k < 200; k++) {
    const started = performance.now();
    await client.app.settings({});
    calls.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const stallMs = await stall;
  await client.runs.cancel({ ids });
  await runsEnded(client, ids);
  return { stallMs, callMs: median(calls) };
}

/** Gives a finished run as many scores as a large test set has. */
function enlarge(folder: string): void {
  const random = RandomStream.from(3, 'bench');
  const labels = Uint8Array.from({ length: samples }, (_, i) => (i < samples / 2 ? 0 : 1));
  const made = [...layers, 'all'].map(
    (name) => [name, Float32Array.from(labels, (label) => random.normal() + 2 * label)] as const,
  );
  writeScores(folder, { layers: new Map(made), labels, sampleIndex: Int32Array.from(labels, (_, i) => i) });
  const path = join(folder, 'eval.json');
  const { evaluation } = JSON.parse(readFileSync(path, 'utf8')) as { evaluation: object };
  const metrics = made.map(([name, scores]) => [name, evaluateScores(scores, labels)] as const);
  writeFileSync(path, JSON.stringify({ ...Object.fromEntries(metrics), evaluation }));
}

/** Opening the scores of a run with 60,000 samples and five layers. */
async function opening(page: Page, { client }: Program): Promise<number> {
  const { ids } = await client.drafts.start({ draft: tinyDraft() });
  await runsEnded(client, ids);
  const { record } = await client.runs.get({ id: ids[1]! });
  enlarge(record.folder);
  const times: number[] = [];
  for (let k = 0; k < 5; k++) {
    await page.goto(new URL('#/settings', page.url()).href);
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    times.push(
      await until(
        page,
        `location.hash = '#/runs/${ids[1]}/scores'`,
        `document.querySelector('[role=slider][aria-label=Threshold]')`,
      ),
    );
  }
  return median(times);
}

/** Seconds that a report of many evaluated runs takes, and its size in MB. */
async function reporting({ client }: Program, ids: readonly string[]): Promise<{ seconds: number; size: number }> {
  const started = performance.now();
  const file = await reportFile(client, { runs: [...ids], format: 'html' });
  return { seconds: (performance.now() - started) / 1000, size: file.size / 1e6 };
}

const { home, remove } = temporaryHome();
const reported = seedEvaluatedRuns(home, 50);
seedRuns(home, seeded - reported.length - tasks * (detectors + 1));
const experiment = seedExperiment(home, tasks, detectors);
const program = await startProgram(home);
const { page, close } = await openBrowserWindow();
try {
  await page.goto(await program.link());
  const paint = await firstPaint(page, `http://127.0.0.1:${program.port}/`);
  tell('First paint of 10,000 runs', paint, 1000, 'ms');
  const key = await keystroke(page);
  tell('Key in the filter to the table', key, 100, 'ms');
  const group = await grouping(page);
  tell('Groups to the table', group, 200, 'ms');
  await tenfold({ paint, key, group });
  const cells = await matrix(page, `http://127.0.0.1:${program.port}/#/experiments/${experiment}`);
  tell('A matrix of 2,000 cells, nothing of it computed yet', cells.cold, 10_000, 'ms');
  tell('Its first paint afterwards', cells.paint, 1000, 'ms');
  tell('Another metric, nothing of it computed yet', cells.first, 10_000, 'ms');
  tell('Another metric that was shown before', cells.redraw, 100, 'ms');
  const { stallMs, callMs } = await underLoad(page, program);
  tell('Longest stall of the window while a CNN trains', stallMs, 100, 'ms');
  tell('A call meanwhile, median', callMs, 20, 'ms');
  tell('Opening 60,000 scores of 5 layers', await opening(page, program), 500, 'ms');
  const { seconds, size } = await reporting(program, reported);
  tell('A report of 50 runs', seconds, 10, 's');
  tell('Its size', size, 10, 'MB');
  const scripts = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
  tell('Scripts and styles, all screens, gzipped', bytes / 1000, 600, 'kB');
} finally {
  await close();
  await program.stop();
  remove();
}
