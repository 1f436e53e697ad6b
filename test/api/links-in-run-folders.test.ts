import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { evaluationFolders } from '../../main/runs/stored-evaluations.ts';
import { parseSpec } from '../../main/runs/index.ts';
import { planEvaluation } from '../../main/api/runs/plan-evaluation.ts';
import { writeFigures } from '../../main/runs/work/figures.ts';
import { clearAnalysis } from '../../main/runs/work/analysis.ts';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { runFiles } from '../../main/inspections/run-files.ts';
import { copyClassifier } from '../../main/inspections/measure-training.ts';
import { appendJsonLine, writeScores } from '../../main/storage/run-folder.ts';
import type { reportFormats } from '../../shared/contract.ts';
import { startCli } from '../hosts/cli-process.ts';
import {
  ended,
  smallDetector,
  smallTraining,
  startApplication,
  type StartedApplication,
} from './running-application.ts';
import { enqueueOn } from './run-on.ts';
import { reportFile } from './report-file.ts';

const layer = 'layers.linear_0.output';
const reader = fileURLToPath(new URL('read-run.ts', import.meta.url));

let app: StartedApplication;
let [classifier, detector, second] = ['', '', ''];
const folderOf = (id: string) => app.application.workbench.catalogue.get(id).folder;
const messageOf = async (call: Promise<unknown>) => {
  try {
    await call;
  } catch (error) {
    return (error as { data?: { message?: string } }).data?.message ?? String(error);
  }
  return 'nothing was thrown';
};
const report = async (format: (typeof reportFormats)[number], ids: string[]) =>
  (await reportFile(app.client, { format, runs: ids })).bytes();

const filesOf = (folder: string) =>
  runFiles({ folder }, { dataDir: folder, signal: new AbortController().signal, datasets: new LoadedDatasets() });

beforeAll(async () => {
  app = startApplication();
  const records = enqueueOn(app.application.queued, [
    { experiment: 'train-classifier', params: smallTraining },
    { experiment: 'train-detector', params: ([first]) => smallDetector(first!.folder) },
    { experiment: 'train-detector', params: ([first]) => smallDetector(first!.folder, { relative: true }) },
  ]);
  [classifier, detector, second] = records.map(({ id }) => id) as [string, string, string];
  for (const { id } of records) expect(await ended(app, id)).toBe('done');
}, 180_000);
afterAll(() => app.stop());

/** Moves a file or folder of a run to another place and leaves a link to it, for this test. Gives the place. */
function ledOut(folder: string, name: string): string {
  const outside = join(mkdtempSync(join(tmpdir(), 'cupbearer-outside-')), 'secret');
  const path = join(folder, name);
  renameSync(path, outside);
  symlinkSync(outside, path);
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
    renameSync(outside, path);
    rmSync(dirname(outside), { recursive: true });
  });
  return outside;
}

/** Ends with the whole curve and log of a run. */
async function followed(id: string): Promise<void> {
  for await (const _ of await app.client.runs.follow({ id }));
}

describe('what a link in a run folder leads to is not read', () => {
  const refused: [file: string, of: 'classifier' | 'detector', what: string, call: (id: string) => Promise<unknown>][] =
    [
      ['eval.json', 'detector', 'its result', (id) => app.client.runs.result({ id })],
      ['eval.json', 'detector', 'a comparison', (id) => app.client.runs.compare({ ids: [id, second] })],
      ['analysis.json', 'detector', 'its result', (id) => app.client.runs.result({ id })],
      [`analysis/${layer}.npy`, 'detector', 'its plane', (id) => app.client.runs.plane({ id, layer })],
      ['analysis', 'detector', 'its plane', (id) => app.client.runs.plane({ id, layer })],
      ['scores/all.npy', 'detector', 'its scores', (id) => app.client.runs.scores({ id })],
      ['scores/anomaly_labels.npy', 'detector', 'its scores', (id) => app.client.runs.scores({ id })],
      ['scores', 'detector', 'its scores', (id) => app.client.runs.scores({ id })],
      ['scores', 'detector', 'a table of its scores', (id) => report('scores', [id])],
      ['scores/all.npy', 'detector', 'a comparison', (id) => app.client.runs.compare({ ids: [id, second] })],
      ['metrics.jsonl', 'classifier', 'its curve', followed],
      ['log.jsonl', 'classifier', 'its log', followed],
      ['spec.json', 'detector', 'its samples', (id) => app.client.runs.samples({ id, positions: [0] })],
    ];
  it.each(refused)('%s of a %s: it is refused for %s', async (file, of, _, call) => {
    const id = of === 'classifier' ? classifier : detector;
    ledOut(folderOf(id), file);
    expect(await messageOf(call(id))).toMatch(/leads out of the folder/);
  });

  it.each([
    ['detector.safetensors', () => detector],
    ['model.safetensors', () => classifier],
  ])('%s is refused for an evaluation', (file, of) => {
    ledOut(folderOf(of()), file);
    const spec = {
      detector: { name: 'from_run', path: folderOf(detector) },
      task: { name: 'backdoor', run_path: folderOf(classifier) },
      seed: 0,
    };
    expect(() => planEvaluation(parseSpec('evaluation', spec), undefined)).toThrow(/leads out of the folder/);
  });

  it.each(['model.json', 'model.safetensors', 'trigger.safetensors'])('%s is refused for a copy', (file) => {
    const to = mkdtempSync(join(tmpdir(), 'cupbearer-copy-'));
    onTestFinished(() => rmSync(to, { recursive: true }));
    const folder = folderOf(classifier);
    if (!existsSync(join(folder, file))) writeFileSync(join(folder, file), 'x');
    ledOut(folder, file);
    expect(() => copyClassifier(folder, to)).toThrow(/leads out of the folder/);
    expect(existsSync(join(to, file))).toBe(false);
  });

  it('nor imported as a model', async () => {
    const folder = folderOf(classifier);
    ledOut(folder, 'model.safetensors');
    const home = mkdtempSync(join(tmpdir(), 'cupbearer-import-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
    const { code, stderr } = await startCli(['models', 'import', folder], { cwd: home, home }).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('model.safetensors" leads out of the folder')]);
  });

  it('nor shown with the run, which is shown all the same', async () => {
    for (const name of ['spec.json', 'model.json', 'figures']) ledOut(folderOf(classifier), name);
    const detail = await app.client.runs.get({ id: classifier });
    expect([detail.spec, detail.network]).toEqual([null, null]);
    expect(detail.files.filter(({ name }) => /^(spec|model)\.json|^figures/.test(name))).toEqual([]);
    expect(detail.files.map(({ name }) => name)).toContain('model.safetensors');
  });

  it('nor walked through, in circles or up to the root', async () => {
    const folder = folderOf(detector);
    for (const [name, target] of [
      ['circle', folder],
      ['root', '/'],
    ] as const) {
      symlinkSync(target, join(folder, name));
      onTestFinished(() => rmSync(join(folder, name)));
    }
    const files = await filesOf(folder);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ name }) => /circle|root/.test(name))).toEqual([]);
  });

  it('nor taken for a training curve, which a report says', async () => {
    ledOut(folderOf(classifier), 'metrics.jsonl');
    expect(Buffer.from(await report('html', [classifier])).toString()).toContain('Its training curve cannot be read.');
  });

  it('nor put into reports, which say what they do without', async () => {
    const folder = folderOf(detector);
    const sheet = readFileSync(join(folder, 'figures', 'mistakes.png'));
    ledOut(folder, 'figures/mistakes.png');
    const secret = ledOut(folder, 'figures/roc.svg');
    writeFileSync(secret, readFileSync(secret, 'utf8').replace('<title>', '<title>secret '));
    for (const format of ['html', 'markdown'] as const) {
      const text = Buffer.from(await report(format, [detector])).toString();
      expect(text).not.toContain(sheet.toString('base64'));
      expect(text).not.toContain('<title>secret');
      expect(text).toMatch(/Left out of A: mistakes\\?\.png: .*leads out of the folder/);
      // Drawn again of what the run has stored.
      expect(text).toContain('where 0.5 is guessing');
    }
    const svg = unzipSync(await report('figures-svg', [detector]));
    expect(Buffer.from(svg['roc.svg']!).toString()).toContain('<title>ROC');
    const png = unzipSync(await report('figures-png', [detector]));
    expect(Object.keys(png)).not.toContain('mistakes.png');
    expect(Buffer.from(png['MISSING.txt']!).toString()).toMatch(/^mistakes\.png: .*leads out of the folder/);
  });

  it('nor are all figures, where their folder is a link', async () => {
    ledOut(folderOf(detector), 'figures');
    const files = unzipSync(await report('figures-svg', [detector]));
    expect(Buffer.from(files['MISSING.txt']!).toString()).toMatch(/^figures: .*leads out of the folder/);
    expect(Object.keys(files)).toContain('roc.svg');
    const html = Buffer.from(await report('html', [detector])).toString();
    expect(html.match(/<figure role="img"/g)!.length).toBeGreaterThan(3);
  });

  it('nor taken up as evaluations', async () => {
    const folder = folderOf(detector);
    const outside = mkdtempSync(join(tmpdir(), 'cupbearer-outside-'));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    cpSync(folderOf(second), join(outside, 'private'), { recursive: true });
    const record = JSON.parse(readFileSync(join(outside, 'private', 'run.json'), 'utf8')) as object;
    writeFileSync(join(outside, 'private', 'run.json'), JSON.stringify({ ...record, id: '20200101-000000-priv' }));
    const evals = join(folder, 'evals');
    onTestFinished(() => rmSync(evals, { recursive: true, force: true }));
    for (const make of [
      () => symlinkSync(outside, evals),
      () => (mkdirSync(evals), symlinkSync(join(outside, 'private'), join(evals, 'private'))),
    ]) {
      rmSync(evals, { recursive: true, force: true });
      make();
      expect(evaluationFolders(folder)).toEqual([folder]);
      expect(await app.client.runs.takeUp({ folder })).toEqual({ added: [], skipped: [] });
      const ids = app.application.workbench.catalogue.list().map(({ id }) => id);
      expect(ids).not.toContain('20200101-000000-priv');
    }
  });

  it('nor is anything else than a file, which could keep the program waiting', async () => {
    if (process.platform === 'win32') return;
    const place = mkdtempSync(join(tmpdir(), 'cupbearer-pipes-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    for (const id of [classifier, detector]) {
      const folder = join(place, id);
      cpSync(folderOf(id), folder, { recursive: true });
      writeFileSync(join(folder, 'checkpoint.safetensors'), '');
      for (const { name } of await filesOf(folder)) {
        rmSync(join(folder, name));
        expect(spawnSync('mkfifo', [join(folder, name)]).status).toBe(0);
      }
      const { stdout, stderr, signal } = spawnSync(process.execPath, [reader, folder], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect([signal, stderr]).toEqual([null, '']);
      const outcomes = Object.entries(JSON.parse(stdout) as Record<string, string>);
      const lists = ['spec for people', 'further evaluations', 'figures', 'files'];
      for (const [operation, outcome] of outcomes)
        if (!lists.includes(operation))
          expect([operation, outcome]).toEqual([operation, expect.stringMatching(/^(bad-data|not-found)$|^read$/)]);
      expect(outcomes.filter(([, outcome]) => outcome === 'bad-data').length).toBeGreaterThan(8);
    }
  });
});

describe('what a link in a run folder leads to is not changed', () => {
  it('where the run is: run.json takes the place of the link', async () => {
    const folder = folderOf(second);
    const outside = ledOut(folder, 'run.json');
    const before = readFileSync(outside, 'utf8');
    await app.client.runs.change({ ids: [second], notes: 'changed' });
    expect(readFileSync(outside, 'utf8')).toBe(before);
    expect(lstatSync(join(folder, 'run.json')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toContain('changed');
  });

  it('where the run is worked on: nothing is appended, replaced or removed', () => {
    const folder = folderOf(second);
    const log = ledOut(folder, 'log.jsonl');
    const figures = ledOut(folder, 'figures');
    const content = () => [readFileSync(log, 'utf8'), ...readdirSync(figures)];
    const before = content();
    expect(() => appendJsonLine(folder, 'log.jsonl', { message: 'x' })).toThrow(/leads out/);
    expect(() => writeFigures(folder, [{ name: 'new', png: Buffer.from('x'), svg: Buffer.from('x'), description: '', table: { header: [], rows: [] } }])).toThrow(/leads out/); // prettier-ignore
    expect(() => clearAnalysis(folder)).toThrow(/leads out/);
    expect(content()).toEqual(before);
  });

  it('where scores are written: the link is replaced', () => {
    const folder = folderOf(second);
    const scores = ledOut(folder, 'scores');
    const before = readdirSync(scores);
    writeScores(folder, { layers: new Map(), labels: new Uint8Array(1), sampleIndex: new Int32Array(1) });
    expect(readdirSync(scores)).toEqual(before);
    expect(lstatSync(join(folder, 'scores')).isDirectory()).toBe(true);
  });

  it('where an evaluation is planned', () => {
    const folder = folderOf(detector);
    const outside = mkdtempSync(join(tmpdir(), 'cupbearer-outside-'));
    symlinkSync(outside, join(folder, 'evals'));
    onTestFinished(() => {
      rmSync(join(folder, 'evals'));
      rmSync(outside, { recursive: true });
    });
    const spec = { detector: { name: 'from_run', path: folder }, task: { name: 'backdoor', run_path: folderOf(classifier) }, seed: 5 }; // prettier-ignore
    expect(() => planEvaluation(parseSpec('evaluation', spec), folder)).toThrow(/leads out of the folder/);
  });

  it('where the run is removed for good', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'cupbearer-outside-'));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, 'kept'), '');
    const other = startApplication();
    onTestFinished(() => other.stop());
    const copies = ['plain', 'linked'].map((name, i) => {
      const folder = join(name === 'plain' ? other.place : outside, name);
      cpSync(folderOf(second), folder, { recursive: true });
      const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as object;
      writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...record, id: `20200101-000000-cop${i}` }));
      return folder;
    });
    symlinkSync(outside, join(copies[0]!, 'out'));
    symlinkSync(copies[1]!, join(other.place, 'linked'));
    for (const name of ['plain', 'linked']) await other.client.runs.takeUp({ folder: join(other.place, name) });
    const ids = other.application.workbench.catalogue.list().map(({ id }) => id);
    expect(ids.sort()).toEqual(['20200101-000000-cop0', '20200101-000000-cop1']);
    await other.client.runs.remove({ ids });
    await other.client.trash.empty({});
    await other.application.trash.idle();
    expect(other.application.trash.list()).toEqual([]);
    await other.stop({ again: true });
    expect([existsSync(copies[0]!), existsSync(join(other.place, 'linked'))]).toEqual([false, false]);
    expect(readdirSync(outside).sort()).toEqual(['kept', 'linked']);
    expect(existsSync(join(copies[1]!, 'spec.json'))).toBe(true);
  });
});

it('a run folder that is itself reached through a link is read as any other', async () => {
  const folder = folderOf(detector);
  const away = `${folder}-moved`;
  renameSync(folder, away);
  symlinkSync(away, folder);
  onTestFinished(() => {
    rmSync(folder);
    renameSync(away, folder);
  });
  expect(realpathSync(folder)).toBe(realpathSync(away));
  expect((await app.client.runs.get({ id: detector })).files.map(({ name }) => name)).toContain('scores/all.npy');
  expect((await app.client.runs.result({ id: detector }))!.layers['all']).toBeDefined();
  expect((await app.client.runs.scores({ id: detector })).layers).toContain('all');
  expect(Buffer.from(await report('html', [detector])).toString()).not.toContain('Left out');
});
