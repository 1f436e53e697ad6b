import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ORPCError } from '@orpc/server';
import { reportFormats } from '../../../../shared/contract.ts';
import type { RunRecord } from '../../../../shared/domain/run.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { evaluateScores } from '../../../../main/evaluation/evaluate-scores.ts';
import { drawEvaluationFigures } from '../../../../main/figures/evaluation-figures.ts';
import { recordFileText } from '../../../../main/storage/run-files.ts';
import { writeScores } from '../../../../main/storage/run-folder.ts';
import { encodeSafetensors } from '../../../../main/storage/safetensors.ts';
import { runRecord, specFile } from '../../../storage/run-records.ts';
import { importModel } from '../../../api/imports.ts';
import { startApplication, type StartedApplication } from '../../../api/running-application.ts';
import { bytesOf, jsonOf, textOf, type Parser } from '../parser.ts';
import { emptyScratch } from '../scratch.ts';
import { reportFile } from '../../../api/report-file.ts';

/** The application that shared runs are taken up by, started by the first input. */
class Running {
  #application: StartedApplication | undefined;

  get application(): StartedApplication {
    this.#application ??= startApplication(emptyScratch('application'));
    return this.#application;
  }

  async close(): Promise<void> {
    const application = this.#application;
    this.#application = undefined;
    await application?.stop();
  }
}

const running = new Running();

/** Whether a call has failed as calls may: with a sentence, or because its input was refused. */
function isRefusal(error: unknown): boolean {
  if (error instanceof CupbearerError) return error.code !== 'internal';
  if (!(error instanceof ORPCError)) return false;
  return error.code === 'BAD_REQUEST' || (error.data as { code?: string } | undefined)?.code !== 'internal';
}

async function unlessRefused<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

const scores = {
  layers: new Map([
    ['layers.linear_0.output', new Float32Array([0, 1, 2, 3, 1.5, 2.5])],
    ['all', new Float32Array([0, 1, 2, 3, 1.5, 2.5])],
  ]),
  labels: new Uint8Array([0, 0, 0, 1, 1, 1]),
  sampleIndex: new Int32Array([0, 1, 2, 0, 1, 2]),
};

const detectorSpec = {
  detector: { name: 'mahalanobis', rcond: 1e-5, layers: ['layers.linear_0.output'] },
  task: { name: 'backdoor', run_path: '/nowhere/classifier', backdoor: { name: 'corner' } },
  batch_size: 1000,
  analysis: true,
  seed: 0,
};

const classifierSpec = {
  train_data: {
    name: 'backdoor',
    original: { name: 'glyphs', limit: 200 },
    backdoor: { name: 'corner', p_backdoor: 0.05 },
  },
  val_data: { other: { name: 'glyphs' } },
  model: { name: 'mlp', hidden_dims: [16] },
  optim: { name: 'adam', learning_rate: 0.001 },
  num_epochs: 2,
  batch_size: 50,
  seed: 0,
};

function evaluation(): Record<string, unknown> {
  const layers = [...scores.layers].map(([name, values]) => [name, evaluateScores(values, scores.labels)] as const);
  return {
    ...(Object.fromEntries(layers) as Record<string, unknown>),
    evaluation: { format: 1, key: 'a', ...detectorSpec, fingerprints: {} },
  };
}

const detectorRun = (changes: Partial<RunRecord> = {}) =>
  runRecord({ kind: 'detector', spec: detectorSpec, metrics: { auroc: 0.9, ap: 0.8 }, ...changes });

/** Formats whose making does not draw. */
const formats = reportFormats.filter((format) => format !== 'figures-png' && format !== 'figures-svg');

/** What of a shared run is not as it was. */
type Changed = Readonly<Record<string, Uint8Array>>;

/** The folder of a run of a detector as somebody else may have sent it, with its files. */
function sharedRun(changed: Changed): string {
  const folder = emptyScratch('shared-run');
  mkdirSync(join(folder, 'figures'));
  writeScores(folder, scores);
  const [figure] = figures();
  const files: Changed = {
    'spec.json': jsonOf({ ...specFile(), kind: 'detector', spec: detectorSpec }),
    'run.json': bytesOf(recordFileText(detectorRun())),
    'eval.json': jsonOf(evaluation()),
    'figures/roc.svg': figure!,
    ...changed,
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

let drawn: Uint8Array[] | undefined;

/** Figures as the program draws them; kept, since drawing takes long. */
function figures(): Uint8Array[] {
  drawn ??= drawEvaluationFigures(
    { layers: { all: evaluateScores(scores.layers.get('all')!, scores.labels) }, about: {} },
    {},
  )
    .slice(0, 2)
    .map(({ svg }) => new Uint8Array(svg));
  return drawn;
}

/**
 * Takes up a shared run, looks at it in every way there is, and takes it off the list again. Lists must work whatever the run
 * is; what shows that run alone may be refused with a sentence. Returns its reports as HTML.
 */
async function looked(changed: Changed): Promise<string[]> {
  usual ??= await usualPage();
  const { application, client } = running.application;
  const folder = sharedRun(changed);
  const { added, skipped } = await client.runs.takeUp({ folder });
  if (added.length === 0) throw new CupbearerError('bad-data', skipped[0]?.reason ?? 'It was not added.');
  const { id } = application.workbench.catalogue.byFolder(folder)!;
  try {
    for await (const event of await client.runs.watch({})) {
      if (event.type === 'runs') break;
    }
    await client.models.list({});
    await unlessRefused(() => client.runs.get({ id }));
    await unlessRefused(() => client.runs.result({ id }));
    await unlessRefused(() => client.runs.scores({ id }));
    await unlessRefused(() => client.drafts.fromRun({ id }));
    const reports: string[] = [];
    for (const format of formats) {
      const report = await unlessRefused(() => reportFile(client, { runs: [id], format }));
      if (report && format === 'html') reports.push(await report.text());
    }
    return reports;
  } finally {
    application.workbench.catalogue.forget(id);
  }
}

async function usualPage(): Promise<Page> {
  const { application, client } = running.application;
  const folder = sharedRun({});
  await client.runs.takeUp({ folder });
  const { id } = application.workbench.catalogue.byFolder(folder)!;
  const report = await reportFile(client, { runs: [id], format: 'html' });
  application.workbench.catalogue.forget(id);
  return pageOf(await report.text());
}

/** Elements that Markdown and figures are made of. */
const written = [
  'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'ul', 'ol', 'li', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'hr', 'br', 'a', 'input', 'table',
  'thead', 'tbody', 'tr', 'th', 'td', 'svg', 'title', 'desc', 'defs', 'g', 'path', 'rect', 'circle', 'line', 'polyline', 'polygon', 'text', 'tspan',
  'clippath', 'image',
]; // prettier-ignore

/** Elements that rule the page, which a report has as often as its own template says. */
const ruling = ['html', 'head', 'body', 'meta', 'style', '!doctype', '!--'];

const tag =
  /<(?:\/[a-z][\w:-]*\s*|(!doctype|!--|[a-z][\w:-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?)>/gi;

interface Page {
  /** How often each element begins. */
  elements: Map<string, number>;
  /** Names of all attributes. */
  attributes: Set<string>;
  /** Beginnings of tags that are none. */
  broken: number;
}

function pageOf(html: string): Page {
  const elements = new Map<string, number>();
  const attributes = new Set<string>();
  let tags = 0;
  for (const [, name, given = ''] of html.matchAll(tag)) {
    tags++;
    if (name === undefined) continue;
    elements.set(name.toLowerCase(), (elements.get(name.toLowerCase()) ?? 0) + 1);
    for (const [, attribute] of given.matchAll(/([^\s"'<>/=]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g))
      attributes.add(attribute!.toLowerCase());
  }
  return { elements, attributes, broken: [...html.matchAll(/<[a-z/!?]/gi)].length - tags };
}

/** The report of a shared run as this program would have made it. */
let usual: Page | undefined;

/** What an HTML report holds that has come of foreign bytes and must not. */
function wrongReport(html: string): string | undefined {
  const page = pageOf(html);
  const foreign = [...page.elements.keys()].find((name) => !usual!.elements.has(name) && !written.includes(name));
  if (foreign !== undefined) return `The report has an element <${foreign}>.`;
  const more = ruling.find((name) => (page.elements.get(name) ?? 0) !== (usual!.elements.get(name) ?? 0));
  if (more !== undefined) return `The report has ${page.elements.get(more) ?? 0} elements <${more}>.`;
  const handler = [...page.attributes].find((name) => name.startsWith('on'));
  if (handler !== undefined) return `The report has an attribute ${handler}.`;
  return page.broken > usual!.broken ? 'The report has a tag that is none.' : undefined;
}

const wrongReports = (value: unknown) => (value as string[]).map(wrongReport).find((wrong) => wrong !== undefined);

const common = {
  documents: isRefusal,
  wrong: wrongReports,
  close: () => running.close(),
  takesAll: true,
  shortRun: 25,
};

const sharedRunJson: Parser = {
  ...common,
  name: 'shared-run-json',
  seeds: () => [
    detectorRun(),
    detectorRun({ kind: 'classifier', spec: classifierSpec, metrics: { clean_accuracy: 0.9 } }),
    detectorRun({ kind: 'evaluation', spec: { ...detectorSpec, detector: { name: 'from_run', path: '/nowhere' } } }),
  ].map((record) => bytesOf(recordFileText(record))), // prettier-ignore
  parse: (input) => looked({ 'run.json': input }),
  isJson: true,
  dictionary: ['mlp', 'knn', 'backdoor', 'from_run', 'run_path', 'x;touch${IFS}x;', '../..'],
};

/** What a run was asked for, in a `run.json` that is right otherwise: nothing says what a spec holds but the command that wrote it. */
const sharedRunSpec: Parser = {
  ...common,
  name: 'shared-run-spec',
  seeds: () => [
    jsonOf({ kind: 'detector', spec: detectorSpec }),
    jsonOf({ kind: 'classifier', spec: classifierSpec }),
    jsonOf({ kind: 'evaluation', spec: { ...detectorSpec, detector: { name: 'from_run', path: '/nowhere' } } }),
  ],
  // Of a key that is there twice the last one counts. Writing deep values would take a stack that reading them does not.
  parse: (input) => {
    const record = recordFileText(detectorRun()).trimEnd();
    return looked({ 'run.json': bytesOf(`${record.slice(0, -1)},${textOf(input).trimStart().slice(1)}`) });
  },
  documents: (error) => isRefusal(error) || error instanceof SyntaxError,
  isJson: true,
  dictionary: ['mlp', 'knn', 'backdoor', 'from_run', 'run_path', 'x;touch${IFS}x;', '../..'],
};

const sharedSpecJson: Parser = {
  ...common,
  name: 'shared-spec-json',
  seeds: () => [
    jsonOf({ ...specFile(), kind: 'detector', spec: detectorSpec, command: 'npx cupbearer train-detector' }),
    jsonOf({ ...specFile(), kind: 'classifier', spec: classifierSpec }),
  ],
  parse: (input) => looked({ 'spec.json': input }),
  isJson: true,
};

const sharedEvaluation: Parser = {
  ...common,
  name: 'shared-evaluation',
  seeds: () => [jsonOf(evaluation())],
  parse: (input) => looked({ 'eval.json': input }),
  isJson: true,
};

const sharedFigure: Parser = {
  ...common,
  name: 'shared-figure',
  seeds: () => figures(),
  parse: (input) => looked({ 'figures/roc.svg': input }),
  dictionary: [
    '<script>', '</script>', '<script', '<foreignObject>', '</foreignObject>', '<meta http-equiv="refresh" content="0">', '<style>', '</svg>', '<svg>',
    ' onload="x"', '<image href="http://x"/>', '<a href="javascript:x">', '<![CDATA[', '<!--', '<desc>', '<form action="http://x">', '<iframe>',
  ], // prettier-ignore
};

/** Notes of a report: a user's words, which may have come from anywhere. */
const notes: Parser = {
  ...common,
  name: 'notes',
  seeds: () => [
    bytesOf(
      '# Title\n\nSome *words*, a [link](https://example.org "title") and `code`.\n\n- [x] one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n',
    ),
    bytesOf(
      '> quote\n\n```html\n<b>x</b>\n```\n\n<kbd>key</kbd> ![picture](https://example.org/a.png) <https://example.org>\n\n[a]: javascript:x\n[a]\n',
    ),
  ],
  parse: async (input) => {
    usual ??= await usualPage();
    const { application, client } = running.application;
    const id =
      noted ?? (await client.runs.takeUp({ folder: sharedRun({}) }), application.workbench.catalogue.list()[0]!.id);
    noted = id;
    const report = await reportFile(client, { runs: [id], format: 'html', notes: textOf(input).slice(0, 100_000) });
    return [await report.text()];
  },
  close: () => {
    noted = undefined;
    return running.close();
  },
  dictionary: [
    '<kbd>', '<script>', '</script>', '<pre>', '<code>', '<style>', '<meta http-equiv="refresh" content="0;url=http://x">', '<form action="http://x">',
    '<iframe src="http://x">', '<base href="http://x">', '<img src=x onerror=x>', '](javascript:x)', '![](', '<!--', '```', '`', '&lt;', '&#60;', '\n\n', '<a href="', '**', '|',
  ], // prettier-ignore
  shortRun: 100,
};

/** The run that reports with notes are made of. */
let noted: string | undefined;

/** `model.json` of a model that is imported; its weights are those that it should have. */
const importedModel: Parser = {
  name: 'imported-model',
  seeds: () => [
    jsonOf({
      format: 1,
      architecture: { name: 'mlp', hidden_dims: [3] },
      input_shape: [2],
      classes: ['negative', 'positive'],
      parameters: 17,
      layers: [],
    }),
  ],
  parse: (input) => imported({ 'model.json': input }),
  documents: isRefusal,
  close: () => running.close(),
  isJson: true,
  shortRun: 100,
};

/** `spec.json` of a model that is imported: what it was trained on. */
const importedSpec: Parser = {
  ...importedModel,
  name: 'imported-spec',
  seeds: () => [
    jsonOf({ ...specFile(), spec: { ...classifierSpec, train_data: { name: 'toy-features', distractors: 0 } } }),
  ],
  parse: (input) => imported({ 'spec.json': input }),
};

async function imported(changed: Changed): Promise<void> {
  const { application, client } = running.application;
  const tensors = {
    'layers.linear_0.weight': { shape: [3, 2], data: new Float32Array(6) },
    'layers.linear_0.bias': { shape: [3], data: new Float32Array(3) },
    'layers.linear_1.weight': { shape: [2, 3], data: new Float32Array(6) },
    'layers.linear_1.bias': { shape: [2], data: new Float32Array(2) },
  };
  const [description] = await importedModel.seeds();
  const files = { 'model.json': description!, 'model.safetensors': encodeSafetensors(tensors), ...changed };
  const { id } = await importModel(client, {
    name: 'shared',
    files: Object.entries(files).map(([name, bytes]) => new File([new Uint8Array(bytes)], name)),
  });
  try {
    for await (const event of await client.runs.watch({})) {
      if (event.type === 'runs') break;
    }
    await client.models.list({});
    await unlessRefused(() => client.runs.get({ id }));
    await unlessRefused(() => client.drafts.fromRun({ id }));
  } finally {
    await client.runs.remove({ ids: [id] });
    application.trash.empty();
    await application.trash.idle();
  }
}

/** Parsers of runs and models that somebody else has made, through the calls that show them. */
export const runParsers: readonly Parser[] = [
  sharedRunJson,
  sharedRunSpec,
  sharedSpecJson,
  sharedEvaluation,
  sharedFigure,
  notes,
  importedModel,
  importedSpec,
];
