import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import fc from 'fast-check';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { drawnSvg } from '../../main/reports/drawn-svg.ts';
import { notesHtml } from '../../main/reports/notes.ts';
import { toJsonText } from '../../main/storage/json-text.ts';
import { writeRecord, writeScores, writeSpec } from '../../main/storage/run-folder.ts';
import type { RunRecord } from '../../shared/domain/run.ts';
import { startApplication } from '../api/running-application.ts';
import { hostileMarkdown, notesElements } from '../reports/hostile-markdown.ts';
import { startProgram } from './program.ts';
import { hostileSvg, someFigure, svgElements } from '../reports/hostile-svg.ts';
import { go, inElectron } from './test.ts';
import { reportFile } from '../api/report-file.ts';

test.skip(inElectron, 'A report is opened in a browser.');

type Allowed = Readonly<Record<string, readonly string[]>>;

/** Runs in the browser: what its own parser finds in each document beyond what may be there. */
const findStrangers = `(documents, allowed) => documents.map((html) => {
  const strangers = [];
  for (const element of new DOMParser().parseFromString(html, 'text/html').querySelectorAll('html *')) {
    const name = element.localName;
    if (['head', 'body'].includes(name) && element.attributes.length === 0) continue;
    if (!Object.hasOwn(allowed, name)) strangers.push('<' + name + '>');
    for (const { name: key, value } of element.attributes) {
      if (!allowed[name]?.includes(key) || /^on|^style/i.test(key)) strangers.push(name + ' ' + key);
      // An address that cannot be read has the scheme ":" and leads nowhere.
      const leadsOn = name !== 'a' || ['http:', 'https:', 'mailto:', ':'].includes(element.protocol) || /^#run-\\d+$/.test(value);
      if (key === 'href' && !leadsOn) strangers.push('to ' + value);
    }
  }
  return strangers;
})`;

/** Documents with what is strange in them. */
async function strange(page: Page, documents: readonly string[], allowed: Allowed): Promise<[string, string[]][]> {
  const found: string[][] = await page.evaluate(`(${findStrangers})(${JSON.stringify(documents)}, ${JSON.stringify(allowed)})`); // prettier-ignore
  return documents.flatMap((document, i): [string, string[]][] =>
    found[i]!.length > 0 ? [[document, found[i]!]] : [],
  );
}

test('the check finds what is strange', async ({ page }) => {
  const bad = ['<kbd>x</kbd>', '<a href="javascript:alert(1)">x</a>', '<p onclick="x">', '<p class="a">', '<style>*{}</style>', '<meta http-equiv=refresh>']; // prettier-ignore
  expect((await strange(page, bad, notesElements)).map(([document]) => document)).toEqual(bad);
  expect(await strange(page, ['<p>a <a href="https://x/" rel="y">b</a></p>'], notesElements)).toEqual([]);
});

test('notes become nothing but text and the elements of Markdown, by the parser of the browser', async ({ page }) => {
  const notes = fc.sample(hostileMarkdown, 4000);
  expect(await strange(page, notes.map(notesHtml), notesElements)).toEqual([]);
});

test('a figure that is taken is shapes and text, by the parser of the browser', async ({ page }) => {
  const taken = fc.sample(hostileSvg, 3000).flatMap((svg) => drawnSvg(svg)?.svg ?? []);
  expect(taken.length).toBeGreaterThan(10);
  expect(await strange(page, [someFigure(), ...taken], svgElements)).toEqual([]);
});

const nasty =
  '<kbd>x</kbd></title></style></svg></pre></textarea>--><script>alert(1)</script><img src=x onerror=alert(1)>"onfocus="alert(1)" autofocus="';

/** A run folder that somebody has made to do harm. */
function makeRun(folder: string, outside: string): void {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
  const scores = Float32Array.from(labels, (label, i) => label + ((i * 7) % 11) / 5);
  const metrics = evaluateScores(scores, labels);
  const spec = { detector: { name: 'mahalanobis', layers: [nasty] }, task: { name: 'backdoor', run_path: `/x/${nasty}` }, seed: 0 }; // prettier-ignore
  const time = '2026-01-01T00:00:00.000Z';
  // After an inline tag, text in which no tag is found where a browser finds one.
  const notes = [
    nasty,
    `a <kbd> <meta/http-equiv=refresh/content="0;url=${outside}/refresh">`,
    `a <pre> <form/id=f/action=${outside}/form><input/name=a></form/x>`,
    `a <code> <style/>body{display:none!important}</style/> <link/rel=stylesheet/href=${outside}/style.css>`,
    `a <script> <iframe/src=${outside}/frame></iframe/x> <img/src=${outside}/img.png> ![x](${outside}/md.png) <base/href=${outside}/>`,
    'a <kbd> [x](javascript:alert(1)) <svg/onload=alert(1)> <script/x>alert(1)</script/x>',
  ].join('\n\n');
  const record: RunRecord = {
    id: '20260101-000000-evil', kind: 'detector', status: 'failed', title: nasty, folder, spec, parents: [], metrics: { auroc: 0.5 }, timings: {}, engine: nasty,
    versions: { cupbearer: nasty, [nasty]: nasty }, error: { code: 'internal', message: nasty }, created_at: time, started_at: time, ended_at: time,
    host_pid: null, host_started: null, tags: [nasty], notes, pinned: false, archived: false,
  }; // prettier-ignore
  mkdirSync(join(folder, 'figures'), { recursive: true });
  writeSpec(folder, { format: 1, kind: 'detector', spec, seed: 0, engine: nasty, versions: record.versions, fingerprints: { [nasty]: nasty }, parents: [], created_at: time }); // prettier-ignore
  writeRecord(folder, record);
  writeScores(folder, {
    layers: new Map([['all', scores]]),
    labels,
    sampleIndex: Int32Array.from(labels, (_, i) => i),
  });
  const about = { format: 1, detector: { name: nasty, layer_aggregation: nasty }, task: { name: nasty }, seed: 0, fingerprints: {} }; // prettier-ignore
  writeFileSync(
    join(folder, 'eval.json'),
    toJsonText({ [nasty]: metrics, '=1+1': metrics, all: metrics, evaluation: about }),
  );
  const svg = someFigure();
  for (const name of ['roc', 'precision-recall', 'histogram-all', `histogram-${nasty}`.replaceAll('/', '_')])
    writeFileSync(
      join(folder, 'figures', `${name}.svg`),
      svg.replace(
        '</svg>',
        `<script>alert(1)</script><image href="${outside}/figure.png"/><style>*{fill:url(${outside}/fill)}</style></svg>`,
      ),
    );
  writeFileSync(join(folder, 'figures', 'mistakes.png'), '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
}

/** Elements of a report. */
const reportElements: Allowed = {
  ...notesElements,
  ...svgElements,
  meta: ['charset', 'http-equiv', 'content', 'name'], title: [], style: [], header: [], h1: [], section: ['class'], h2: ['id'], h3: [], p: ['class'], div: ['class'], nav: [],
  caption: [], th: ['scope', 'class', 'align'], td: ['class', 'align'], figure: ['role', 'aria-label'], figcaption: [], img: ['alt', 'src'], dl: [], dt: [], dd: [], footer: [],
  span: ['class'], strong: ['class'], a: ['href', 'rel'],
}; // prettier-ignore

test('a report of a run that somebody has made to do harm is read and nothing else', async ({ page, context }) => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-hostile-'));
  const asked: string[] = [];
  const outside = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('x');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const folder = join(place, 'runs', 'evil');
  makeRun(folder, address);
  const app = startApplication(place);
  try {
    expect(await app.client.runs.takeUp({ folder })).toMatchObject({ added: [folder] });
    const words = {
      title: nasty,
      question: nasty,
      notes: `${nasty}\n\na <pre> <meta/http-equiv=refresh/content="0;url=${address}/own">`,
    };
    const report = await reportFile(app.client, { runs: ['20260101-000000-evil'], format: 'html', ...words });
    const html = await report.text();
    const file = join(place, 'report.html');
    writeFileSync(file, html);

    const requests: string[] = [];
    const dialogs: string[] = [];
    context.on('request', (request) => requests.push(request.url()));
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const url = pathToFileURL(file).href;
    await page.goto(url);
    // What was to happen at once, or after an instant, has had its time.
    await page.waitForTimeout(1000);
    expect(page.url()).toBe(url);
    expect(context.pages()).toHaveLength(1);
    expect(await strange(page, [html], reportElements)).toEqual([]);
    expect(await page.locator('h1').first().textContent()).toBe(nasty);
    await expect(page.getByText('Left out of A: mistakes.png')).toBeVisible();
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).toBe('880px');
    expect(requests.filter((to) => to !== url && !to.startsWith('data:'))).toEqual([]);

    // Even where it got in, it could do nothing: the policy of the page.
    await page.evaluate(`{
      const add = (html) => document.body.append(document.createRange().createContextualFragment(html));
      add('<style>body { display: none }</style><p style="color: red" id="styled">x</p>');
      add('<base href="${address}/"><form id="f" action="${address}/form"><input name="a"></form>');
      add('<img src="${address}/late.png"><script>window.ran = true</script>');
      document.getElementById('f').submit();
    }`);
    await page.waitForTimeout(500);
    const after = await page.evaluate(`({
      display: getComputedStyle(document.body).display,
      colour: getComputedStyle(document.getElementById('styled')).color,
      base: document.baseURI,
      ran: 'ran' in window,
    })`);
    expect(after).toEqual({ display: 'block', colour: 'rgb(22, 33, 31)', base: url, ran: false });
    expect(page.url()).toBe(url);
    expect(dialogs).toEqual([]);
    expect(asked).toEqual([]);

    const markdown = await (await reportFile(app.client, { runs: ['20260101-000000-evil'], format: 'markdown', title: nasty })).text(); // prettier-ignore
    // In a block of code it is text.
    expect(markdown.replaceAll(/^```[\s\S]*?^```$/gm, '')).not.toMatch(/(?<!\\)<(?!https?:)/);
  } finally {
    await app.stop();
    outside.close();
    rmSync(place, { recursive: true, force: true });
  }
});

test('such a run is shown in the window, and a chart of it saved as CSV has nothing to compute', async ({ page }) => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-hostile-'));
  const folder = join(place, 'runs', 'evil');
  makeRun(folder, 'http://127.0.0.1:9');
  const program = await startProgram(place);
  try {
    expect(await program.client.runs.takeUp({ folder })).toMatchObject({ added: [folder] });
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(await program.link());
    await go(page, '#/runs/20260101-000000-evil/layers');
    const panel = page.getByRole('tabpanel');
    await panel
      .getByRole('button', { name: /: save$/ })
      .first()
      .click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV' }).click(),
    ]);
    const csv = readFileSync(await download.path(), 'utf8');
    expect(csv).toMatch(/^'=1\+1,/m);
    expect(csv).not.toMatch(/(^|,)"?[=@\t\r]/m);
    await go(page, '#/runs/20260101-000000-evil/config');
    await expect(panel).toContainText('npx cupbearer train-detector');
    expect(dialogs).toEqual([]);
  } finally {
    await program.stop();
    rmSync(place, { recursive: true, force: true });
  }
});
