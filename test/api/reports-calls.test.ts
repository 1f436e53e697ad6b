import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadImage } from '@napi-rs/canvas';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { reportFormats } from '../../shared/contract.ts';
import type { Evaluation } from '../../shared/domain/evaluation.ts';
import { formatInterval, formatMetric, formatPercent } from '../../shared/format.ts';
import { readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { readScores } from '../../main/storage/run-folder.ts';
import { importModel } from './imports.ts';
import {
  ended,
  smallDetector,
  smallTraining,
  startApplication,
  type StartedApplication,
} from './running-application.ts';
import { enqueueOn } from './run-on.ts';
import { reportFile } from './report-file.ts';

let app: StartedApplication;
let ids: string[] = [];

const folderOf = (id: string) => app.application.workbench.catalogue.get(id).folder;
const make = async (format: (typeof reportFormats)[number], runs: string[], words: object = {}) => {
  const file = await reportFile(app.client, { format, runs, ...words });
  return { name: file.name, type: file.type, bytes: await file.bytes(), text: await file.text() };
};

const notes = `# Mine

It **works**. <img src=x onerror=alert(1)> [bad](javascript:alert(2)) [good](https://example.org/a?b=1&c=2) ![a picture](https://example.org/p.png)

<script>alert(3)</script>`;

beforeAll(async () => {
  app = startApplication();
  const records = enqueueOn(app.application.queued, [
    { experiment: 'train-classifier', params: smallTraining },
    { experiment: 'train-detector', params: ([first]) => smallDetector(first!.folder) },
    { experiment: 'train-detector', params: ([first]) => smallDetector(first!.folder, { relative: true }) },
  ]);
  ids = records.map(({ id }) => id);
  for (const id of ids) expect(await ended(app, id)).toBe('done');
  await app.client.runs.change({ ids: [ids[1]!], notes: 'A note *of this run*.' });
}, 180_000);
afterAll(() => app.stop());

describe('a report as HTML', () => {
  it('holds question, findings, tables with intervals, figures, mistakes, specs and how to repeat it', async () => {
    const { name, type, text } = await make('html', ids, {
      title: 'Two <distances>',
      question: 'Which is better?',
      notes,
    });
    expect([name, type]).toEqual(['two-distances.html', 'text/html']);
    expect(text).toContain('<h1>Two &lt;distances&gt;</h1>');
    expect(text).toContain('Which is better?');
    const { AUC_ROC: auroc, AUC_ROC_interval: bounds } = readEvaluation(folderOf(ids[1]!)).layers['all']!;
    expect(text).toContain(`<td class="n">${formatMetric(auroc)}</td><td class="n">${formatInterval(bounds)}</td>`);
    const result = (await app.client.runs.result({ id: ids[1]! }))!;
    expect(text).toContain(result.sentence.replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>').split('. ')[0]);
    expect(text).toContain('DeLong’s paired test on the same samples');
    expect(text).toContain('<td>detector.relative</td><td>');
    expect(text.match(/<figure role="img"/g)!.length).toBeGreaterThanOrEqual(6);
    // All runs together: both ROC curves, both histograms, and one against the other.
    expect(text).toContain('Of 2 curves');
    expect(text).toContain('Triggered samples by rank, %.');
    expect(text).toMatch(/Scores of \w mahalanobis.* against \w mahalanobis.*, \d+ test samples drawn\./);
    expect(text).toContain('Each run brings its main figures; all of them come as a zip.');
    expect(text.match(/<img alt="Worst mistakes/g)).toHaveLength(2);
    expect(text).toMatch(
      new RegExp(
        `<p>Builds on \\w\\.</p><pre>npx cupbearer train-detector .*--task.run_path ${ids[0]} .*--dir.full ${ids[1]}</pre>`,
      ),
    );
    expect(text).toContain('A note <em>of this run</em>.');
    expect(text).toContain('&quot;relative&quot;: true');
  });

  it('of a detector alone holds the classifier that it watches, and no path of this machine', async () => {
    const { text } = await make('html', [ids[1]!]);
    const { title, metrics } = app.application.workbench.catalogue.get(ids[0]!);
    expect(text).toContain(`<p>Builds on ${title} (${ids[0]}).</p>`);
    const section = text.slice(text.indexOf('<h2>What the runs build on</h2>'));
    expect(section).toContain(`<h3>${title} (${ids[0]})</h3>`);
    expect(section).toContain(`Clean accuracy ${formatPercent(metrics['clean_accuracy']!)}`);
    expect(section).toMatch(new RegExp(`<pre>npx cupbearer train-classifier .*--dir.full ${ids[0]}</pre>`));
    expect(section).toContain('&quot;hidden_dims&quot;');

    const markdown = (await make('markdown', [ids[1]!])).text;
    expect(markdown.slice(markdown.indexOf('## What the runs build on'))).toContain(`--dir.full ${ids[0]}`);
    const json = JSON.parse((await make('json', [ids[1]!])).text) as { foundations: { record: { spec: object } }[] };
    expect(json.foundations.map(({ record }) => record.spec)).toMatchObject([{ model: { name: 'mlp' } }]);
    const place = dirname(folderOf(ids[1]!));
    for (const format of ['html', 'markdown', 'json', 'csv', 'scores'] as const)
      for (const runs of [[ids[1]!], ids]) expect((await make(format, runs)).text).not.toContain(place);
  });

  it('needs nothing else and lets nothing run', async () => {
    const { text } = await make('html', ids, { notes });
    const outside = [...text.matchAll(/(?:src|href)="(?!data:|#)([^"]*)"/g)].map((match) => match[1]);
    expect(outside).toEqual(['https://example.org/a?b=1&amp;c=2']);
    expect([...text.matchAll(/url\((?!data:|#)/g)]).toEqual([]);
    for (const tag of ['<script', '<iframe', '<link', '<object', 'onerror=alert(1)>'])
      expect(text.replaceAll('&lt;img src=x onerror=alert(1)&gt;', '').includes(tag)).toBe(false);
    expect(text).not.toContain('javascript:');
    expect(text).toContain('&lt;script&gt;alert(3)&lt;/script&gt;');
    expect(text).toContain('<strong>works</strong>');
    // The policy knows the page's own styles, and no others.
    const styles = /<style>([^]*?)<\/style>/.exec(text)![1]!;
    const hash = createHash('sha256').update(styles).digest('base64');
    expect(/content="(default-src [^"]*)"/.exec(text)![1]!.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      'img-src data:',
      'font-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(text).not.toMatch(/ style="/);
  });

  it('lets no figure take the place of a part of another', async () => {
    const { text } = await make('html', ids);
    const names = [...text.matchAll(/ id="(clip-[^"]*)"/g)].map((match) => match[1]!);
    expect(new Set(names).size).toBe(names.length);
    for (const [, name] of text.matchAll(/clip-path="url\(#([^"]*)\)"/g)) expect(names).toContain(name);
    expect(names.length).toBeGreaterThan(10);
  });

  it('says why there is no command, where a name in the spec is no identifier', async () => {
    const { catalogue } = app.application.workbench;
    const { spec } = catalogue.get(ids[0]!);
    onTestFinished(() => void catalogue.update(ids[0]!, { spec }));
    catalogue.update(ids[0]!, { spec: { ...spec, val_data: { 'x;touch${IFS}pwned;': { name: 'glyphs' } } } });
    const reason = 'No command line says the same: --val_data has the name "x;touch${IFS}pwned;", which is more than letters, digits and _.'; // prettier-ignore
    expect(await app.client.runs.get({ id: ids[0]! })).toMatchObject({ command: null, noCommand: reason });
    expect((await make('html', [ids[0]!])).text).toContain(
      `<h3>How to repeat it</h3><p>${reason.replaceAll('"', '&quot;')}</p>`,
    );
    const { text } = await make('markdown', [ids[0]!]);
    expect(text).toMatch(/### How to repeat it\n\nNo command line says the same: /);
    expect(text).not.toContain('npx cupbearer');
  });

  it('of a run whose folder is gone says what the catalogue knows', async () => {
    const folder = folderOf(ids[2]!);
    onTestFinished(() => renameSync(`${folder}-away`, folder));
    renameSync(folder, `${folder}-away`);
    const { text } = await make('html', [ids[2]!]);
    expect(text).toContain('<h1>mahalanobis relative: Backdoor, corner pixel, Glyphs</h1>');
    expect(text).not.toContain('<figure');
  });

  it('with figures that were deleted draws them again', async () => {
    const figures = join(folderOf(ids[1]!), 'figures');
    onTestFinished(() => renameSync(`${figures}-away`, figures));
    renameSync(figures, `${figures}-away`);
    expect((await make('html', [ids[1]!])).text).toContain('aria-label="AUROC per layer');
    expect(existsSync(figures)).toBe(false);
  });
});

describe('a report of runs that cannot be compared in full', () => {
  it('says which pairs could not be tested and why', async () => {
    const [other] = enqueueOn(app.application.queued, [
      {
        experiment: 'train-detector',
        params: {
          ...smallDetector(folderOf(ids[0]!)),
          task: { name: 'backdoor', run_path: folderOf(ids[0]!), seed: 1, clean_test_weight: 0.4 },
        },
      },
    ]);
    expect(await ended(app, other!.id)).toBe('done');
    const { text } = await make('html', [ids[1]!, other!.id, ids[2]!]);
    const reason = 'They do not share samples: their test data differ (clean and anomalous samples).';
    expect(text).toContain(`Not tested: A − B; B − C. ${reason}`);
    expect(text).toMatch(/Scores of [AC] mahalanobis.* against [AC] mahalanobis/);
  });

  it('says so where the scores of one of them are gone', async () => {
    const scores = join(folderOf(ids[2]!), 'scores');
    onTestFinished(() => renameSync(`${scores}-away`, scores));
    renameSync(scores, `${scores}-away`);
    const { text } = await make('html', ids.slice(1));
    expect(text).toContain('The runs could not be compared with each other.');
    expect(text).toContain('AUROC per layer');
  });
});

describe('a report in other formats', () => {
  it('as Markdown has the same words and tables', async () => {
    const { text } = await make('markdown', ids, { title: 'T', question: 'Q?' });
    expect(text).toMatch(/^# T\n/);
    expect(text).toContain('## Question\n\nQ?');
    expect(text).toMatch(/\| A − B |\| B − C \|/);
    expect(text).toContain('npx cupbearer train-detector');
  });

  it('as Markdown has the figures and the mistakes in it, each named once and shown once', async () => {
    const { text } = await make('markdown', [ids[1]!]);
    const shown = [...text.matchAll(/^!\[(.+)\]\[(A-[\w.-]+)\]$/gm)].map(([, description, label]) => ({
      description,
      label,
    }));
    const data = new Map([...text.matchAll(/^\[(A-[\w.-]+)\]: data:([\w/+]+);base64,(\S+)$/gm)].map(([, label, type, base64]) => [label, { type, bytes: Buffer.from(base64!, 'base64') }])); // prettier-ignore
    expect(shown.map(({ label }) => label)).toEqual([...data.keys()]);
    expect(shown[0]!.description).toContain('AUROC per layer');
    expect(data.get('A-roc')!.type).toBe('image/svg+xml');
    expect(data.get('A-roc')!.bytes.toString()).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
    const sheet = readFileSync(join(folderOf(ids[1]!), 'figures', 'mistakes.png'));
    expect(data.get('A-mistakes')).toEqual({ type: 'image/png', bytes: sheet });
  });

  it('calls anomalous samples what its task does', async () => {
    expect((await app.client.runs.result({ id: ids[1]! }))!.words.anomalous).toBe('Triggered');
    const { text } = await make('html', [ids[1]!]);
    expect(text).toContain('least suspicious triggered ones');
    expect(text).toContain('Clean to triggered in a class');
    const captions = [...text.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, words]) => words!);
    expect(captions.filter((words) => words.includes('anomalous'))).toEqual([]);
  });

  it('as CSV and JSON has the numbers unrounded', async () => {
    const { layers } = readEvaluation(folderOf(ids[1]!));
    const [head, ...rows] = (await make('csv', ids)).text
      .trimEnd()
      .split('\n')
      // Titles have commas in them, and quotes around them.
      .map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell!));
    expect(rows).toHaveLength(1 + 2 * Object.keys(layers).length);
    const row = rows.find((cells) => cells[1] === ids[1] && cells[head!.indexOf('layer')] === 'all')!;
    expect(Number(row[head!.indexOf('AUC_ROC')])).toBe(layers['all']!.AUC_ROC);
    expect(Number(row[head!.indexOf('AP_lower')])).toBe(layers['all']!.AP_interval!.lower);
    const json = JSON.parse((await make('json', ids)).text) as {
      runs: {
        record: { id: string; host_pid?: number };
        layers: Evaluation['layers'] | null;
        training: { epoch: number }[] | null;
      }[];
    };
    expect(json.runs.map(({ record }) => record.id)).toEqual(ids);
    expect(json.runs[1]!.layers!['all']!.AUC_ROC).toBe(layers['all']!.AUC_ROC);
    expect(json.runs[0]!.record.host_pid).toBeUndefined();
    // With all curves: of the result, and of the training.
    expect(json.runs[1]!.layers).toEqual(layers);
    expect(json.runs[1]!.training).toBeNull();
    expect(json.runs[0]!.training).toHaveLength(smallTraining.num_epochs);
  });

  it('as CSV leaves nothing for a spreadsheet to compute', async () => {
    const { catalogue } = app.application.workbench;
    const { title } = catalogue.get(ids[1]!);
    onTestFinished(() => void catalogue.update(ids[1]!, { title }));
    catalogue.update(ids[1]!, { title: '=HYPERLINK("https://example.org";A1)' });
    const { text } = await make('csv', [ids[1]!]);
    expect(text).toContain(`,"'=HYPERLINK(""https://example.org"";A1)",detector,`);
    expect(text).not.toMatch(/(^|,)"?[=@+\t\r]/m);
  });

  it('as scores has a line a sample', async () => {
    const [head, ...rows] = (await make('scores', ids)).text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    const { layers, labels } = readScores(folderOf(ids[1]!));
    expect(rows).toHaveLength(2 * labels.length);
    const own = rows
      .filter((cells) => cells[0] === ids[1])
      .map((cells) => Math.fround(Number(cells[head!.indexOf('all')])));
    expect(own).toEqual([...layers.get('all')!]);
    await expect(make('scores', [ids[0]!])).rejects.toThrow('None of these runs has scores.');
  });

  it.each(['svg', 'png'] as const)('as a zip has all figures as %s', async (kind) => {
    const { name, bytes } = await make(`figures-${kind}`, [ids[1]!]);
    expect(name).toMatch(/-figures\.zip$/);
    const files = unzipSync(bytes);
    const figures = join(folderOf(ids[1]!), 'figures');
    const expected = readdirSync(figures).filter((file) => file.endsWith(`.${kind}`));
    expect(Object.keys(files).sort()).toEqual(expected.sort());
    expect(Buffer.from(files[`roc.${kind}`]!)).toEqual(readFileSync(join(figures, `roc.${kind}`)));
  });

  it('as a zip has figures that were deleted again, and says which are missing', async () => {
    const [classifier, detector, gone] = ids.map(folderOf) as [string, string, string];
    const before = unzipSync((await make('figures-png', [ids[1]!])).bytes);
    const away = (path: string) => {
      onTestFinished(() => renameSync(`${path}-away`, path));
      renameSync(path, `${path}-away`);
    };
    away(join(detector, 'figures'));
    away(join(classifier, 'figures', 'training.png'));
    away(gone);
    const files = unzipSync((await make('figures-png', ids)).bytes);
    const own = Object.keys(files).filter((path) => path.startsWith('B '));
    expect(own.map((path) => path.slice(path.indexOf('/') + 1)).sort()).toEqual(
      Object.keys(before)
        .filter((name) => name !== 'mistakes.png' && name !== 'examples.png')
        .sort(),
    );
    const roc = own.find((path) => path.endsWith('/roc.png'))!;
    const drawn = await loadImage(Buffer.from(files[roc]!));
    const stored = await loadImage(Buffer.from(before['roc.png']!));
    expect([drawn.width, drawn.height]).toEqual([stored.width, stored.height]);
    expect(Object.keys(files).some((path) => path.startsWith('A ') && path.endsWith('/training.png'))).toBe(true);
    const missing = Buffer.from(files['MISSING.txt']!).toString();
    expect(missing).toMatch(/^B .*\/mistakes\.png: it was deleted/m);
    // A report names no place of this machine.
    expect(missing).toContain(`All figures: the folder ${ids[2]!} is gone.`);
    expect(missing).not.toContain(gone);
    await expect(make('figures-png', [ids[2]!])).rejects.toThrow(/None of these runs has figures\. All figures/);
  });
});

describe('a model', () => {
  const fileOf = (name: string) => new File([readFileSync(join(folderOf(ids[0]!), name))], name);
  const files = () => ['model.json', 'model.safetensors', 'spec.json', 'trigger.safetensors'].filter((name) => existsSync(join(folderOf(ids[0]!), name))).map(fileOf); // prettier-ignore

  it('that is imported is a finished classifier that detectors can be fitted on', async () => {
    const { id } = await importModel(app.client, { name: 'From elsewhere', files: files() });
    const listed = await app.client.models.list({});
    const model = listed.find(({ run }) => run.id === id)!;
    expect(model).toMatchObject({ imported: true, usedBy: [], run: { title: 'From elsewhere', status: 'done' } });
    expect(model.network!.parameters).toBeGreaterThan(1000);
    expect(listed.find(({ run }) => run.id === ids[0])!).toMatchObject({ imported: false });
    const [detector] = enqueueOn(app.application.queued, [
      { experiment: 'train-detector', params: smallDetector(folderOf(id)) },
    ]);
    expect(await ended(app, detector!.id)).toBe('done');
    const { catalogue } = app.application.workbench;
    // Its accuracy is known from the samples of this test alone.
    const { clean_accuracy: _, ...figures } = catalogue.get(ids[1]!).metrics;
    expect(catalogue.get(detector!.id).metrics).toEqual({ ...figures, clean_accuracy: expect.any(Number) as number });
  });

  it('whose files are not those of a model is refused, and leaves nothing behind', async () => {
    const before = readdirSync(join(app.place, 'runs'));
    const [description] = files();
    const attempt = (given: File[]) => importModel(app.client, { name: 'x', files: given });
    await expect(attempt([description!])).rejects.toThrow(/"model\.safetensors" is missing/);
    await expect(attempt([...files(), new File(['x'], 'other.txt')])).rejects.toThrow(/"other\.txt" is none of them/);
    const cut = new File(
      [readFileSync(join(folderOf(ids[0]!), 'model.safetensors')).subarray(0, 999)],
      'model.safetensors',
    );
    await expect(attempt([description!, cut])).rejects.toMatchObject({ data: { code: 'bad-data' } });
    const other = new File([JSON.stringify({ ...(JSON.parse(await description!.text()) as object), architecture: { name: 'mlp', hidden_dims: [3] } })], 'model.json'); // prettier-ignore
    await expect(attempt([other, fileOf('model.safetensors')])).rejects.toThrow(/weight/);
    expect(readdirSync(join(app.place, 'runs'))).toEqual(before);
  });
});
