import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { formDefinitions } from '../../main/api/drafts/form-definitions.ts';
import { analysisFile } from '../../main/runs/stored-analysis.ts';
import { runDefinitionOf } from '../../main/runs/index.ts';
import { readStoredSpec } from '../../main/runs/stored-spec.ts';
import { faultLines, printedRun } from '../../main/hosts/cli/faults.ts';
import { causeWords } from '../../renderer/screens/runs/cause-words.ts';
import { columns, runOrder } from '../../renderer/screens/runs/columns.ts';
import { runWordsBy, taskWordsBy } from '../../shared/run-titles.ts';
import { inLine, unfinishedIds } from '../../renderer/screens/runs/table-groups.ts';
import { draftFromText, isSameDraft, withNames } from '../../renderer/screens/experiment/draft-values.ts';
import { reportFormats } from '../../shared/contract.ts';
import { analysisSchema } from '../../shared/domain/analysis.ts';
import { draftSchema, type ExperimentDraft } from '../../shared/domain/draft.ts';
import { layerMetricsSchema } from '../../shared/domain/evaluation.ts';
import { epochSchema, type RunSummary } from '../../shared/domain/live.ts';
import { runKinds, runRecordSchema, specFileSchema, type RunKind, type RunRecord } from '../../shared/domain/run.ts';
import { engineText } from '../../shared/engine-parts.ts';
import { errorCodes } from '../../shared/errors.ts';
import { formatDuration } from '../../shared/format.ts';
import { queryFields } from '../../shared/query/fields.ts';
import { shortRunNames } from '../../shared/run-names.ts';
import { accepted, hostileJson, hostileObject } from '../zod-arbitrary.ts';
import { temporaryApplication } from './app-client.ts';
import { reportFile } from './report-file.ts';

type App = ReturnType<typeof temporaryApplication>;

/** Specs as the program writes them, of which somebody changes a part. */
const validSpecs: Record<RunKind, Record<string, unknown>> = {
  classifier: {
    train_data: { name: 'backdoor', original: { name: 'glyphs', limit: 200 }, backdoor: { name: 'corner' } },
    val_data: { clean: { name: 'glyphs' } },
    model: { name: 'mlp', hidden_dims: [16, 12] },
    optim: { name: 'adam' },
    seed: 3,
  },
  detector: {
    detector: { name: 'mahalanobis', layers: ['layers.linear_1.output'], relative: true },
    task: { name: 'backdoor', run_path: '/runs/classifier', backdoor: { name: 'wanet' } },
    seed: 1,
  },
  evaluation: {
    detector: { name: 'from_run', path: '/runs/detector' },
    task: { name: 'ood', run_path: '/runs/classifier', change: { name: 'noise', std: 0.1 } },
    seed: 0,
  },
};

/** `value` with something else at one place, or without it. */
function changed(value: unknown, place: number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null || place === 0) return other;
  const entries = Object.entries(value);
  if (entries.length === 0) return other;
  const [at, deeper] = [place % entries.length, Math.floor(place / entries.length)];
  const next = entries.flatMap(([key, inner], i) => {
    if (i !== at) return [[key, inner] as const];
    return other === undefined && deeper === 0 ? [] : [[key, changed(inner, deeper, other)] as const];
  });
  return Array.isArray(value) ? next.map(([, inner]): unknown => inner) : Object.fromEntries(next);
}

const edit = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.oneof(hostileJson, fc.constant(undefined)));
const nearlyValid = (kind: RunKind) =>
  fc
    .array(edit, { maxLength: 2 })
    .map((edits) => edits.reduce<unknown>((spec, [place, other]) => changed(spec, place, other), validSpecs[kind]))
    .filter((spec) => typeof spec === 'object' && spec !== null && !Array.isArray(spec)) as fc.Arbitrary<
    Record<string, unknown>
  >;

/** A run.json and a spec.json that pass their schemas, of which nobody says that they are of the same run, or of any. */
const foreignRun = fc.constantFrom(...runKinds).chain((kind) =>
  fc.record({
    record: accepted(runRecordSchema),
    file: accepted(specFileSchema),
    spec: fc.oneof(nearlyValid(kind), hostileObject),
    inFile: fc.oneof(fc.constant(undefined), nearlyValid(kind), hostileObject),
    kind: fc.constant(kind),
  }),
);

/** What else may lie in a run's folder: mostly what passes its schema, else anything. */
const otherFiles = fc.record(
  {
    'eval.json': fc.oneof({ weight: 4, arbitrary: evaluationFile() }, { weight: 1, arbitrary: hostileJson }),
    [analysisFile]: fc.oneof({ weight: 3, arbitrary: accepted(analysisSchema) }, { weight: 1, arbitrary: hostileJson }),
    'model.json': hostileJson,
    'metrics.jsonl': fc.oneof({ weight: 3, arbitrary: accepted(epochSchema) }, { weight: 1, arbitrary: hostileJson }),
  },
  { requiredKeys: [] },
);

function evaluationFile(): fc.Arbitrary<unknown> {
  return fc
    .tuple(accepted(layerMetricsSchema), accepted(layerMetricsSchema), nearlyValid('detector'), hostileObject)
    .map(([all, one, asked, more]) => ({
      all,
      'layers.linear_1.output': one,
      evaluation: { ...more, ...asked, format: 1, fingerprints: { test_clean: 'a' } },
    }));
}

const isIn = (codes: readonly string[], code: unknown) => typeof code === 'string' && codes.includes(code);

/** Resolves to what a call gives; undefined where it was refused with a reason. Anything else that it throws fails the test. */
async function orRefused<T>(what: string, call: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const { code } = ((error as { data?: object }).data ?? error) as { code?: unknown };
    if (isIn(errorCodes, code) && code !== 'internal') return undefined;
    throw new Error(`${what}: ${(error as Error).stack ?? String(error)}`, { cause: error });
  }
}

/** The runs that a window is told of when it opens. */
async function listed({ client }: App): Promise<RunSummary[]> {
  const stop = new AbortController();
  const runs: RunSummary[] = [];
  for await (const event of await client.runs.watch({}, { signal: stop.signal })) {
    if (event.type !== 'runs') continue;
    runs.push(...event.runs);
    if (event.complete) break;
  }
  stop.abort();
  return runs;
}

const definitions = formDefinitions();
const definitionsOf = (kind: string) => definitions.find((registry) => registry.kind === kind)?.definitions ?? [];
const titleOf = (kind: string, id: string) => definitionsOf(kind).find((one) => one.id === id)?.title ?? id;

/** What the window makes of a run without asking anybody. */
function showInWindow(run: RunSummary, others: readonly RunSummary[]): void {
  const all = [run, ...others];
  const byId = new Map(all.map((one) => [one.id, one]));
  expect(taskWordsBy(run, titleOf).main).toBeTypeOf('string');
  expect(runWordsBy(run, titleOf)).toBeTypeOf('string');
  expect(causeWords(run, byId)).toBeTypeOf('string');
  for (const column of columns) {
    const { place, compare } = runOrder(column, true);
    expect(all.map(place).sort(compare)).toHaveLength(all.length);
  }
  for (const field of Object.values(queryFields)) void field.of(run, Date.now());
  expect(inLine(all, new Map()).length).toBe(all.length);
  expect(unfinishedIds(all).size).toBeLessThanOrEqual(all.length);
  expect(shortRunNames(all)).toHaveLength(all.length);
  if (run.durationMs !== null) expect(formatDuration(run.durationMs)).toBeTypeOf('string');
}

function showDraft(draft: ExperimentDraft): void {
  const whole = withNames(draft, definitionsOf);
  expect(isSameDraft(whole, withNames(whole, definitionsOf))).toBe(true);
}

/** Shows a run in every place that shows runs. */
async function showEverywhere(app: App, id: string, good: string): Promise<void> {
  const { application, client } = app;
  const { catalogue } = application.workbench;
  const runs = await listed(app);
  const summary = runs.find((run) => run.id === id)!;
  expect(runs.map((run) => run.id).sort()).toEqual([good, id].sort());
  showInWindow(summary, runs);
  const models = await client.models.list({});
  expect(models.map(({ run }) => run.id)).toContain(good);

  const detail = await client.runs.get({ id });
  expect(detail.summary).toEqual(summary);
  expect(detail.command === null).toBe(detail.noCommand !== null);
  expect(engineText(detail.record)).toBeTypeOf('string');
  await orRefused('result', () => client.runs.result({ id }));
  await orRefused('scores', () => client.runs.scores({ id }));
  await orRefused('plane', () => client.runs.plane({ id, layer: 'layers.linear_1.output' }));
  await orRefused('compare', () => client.runs.compare({ ids: [id, good] }));
  await orRefused('follow', async () => {
    for await (const news of await client.runs.follow({ id })) if (news.type === 'log') break;
  });
  const draft = await orRefused('draft', () => client.drafts.fromRun({ id }));
  if (draft) {
    showDraft(draft);
    await orRefused('check', () => client.drafts.check({ draft }));
    await orRefused('review', () => client.drafts.review({ draft }));
  }
  for (const format of reportFormats) {
    await orRefused(`report of one, ${format}`, () => reportFile(client, { runs: [id], format }));
    await orRefused(`report of two, ${format}`, () => reportFile(client, { runs: [good, id], format }));
  }
  const printed = catalogue.list().map(printedRun);
  expect(faultLines(printed).some((line) => line.startsWith(id))).toBe(summary.fault !== null);
  await client.runs.change({ ids: [id], addTags: ['seen'] });
  expect(catalogue.get(id).tags).toContain('seen');
  if (summary.locked) {
    await expect(client.runs.remove({ ids: [id] })).rejects.toThrow('is locked');
    await client.runs.change({ ids: [id], locked: false });
  }
  expect((await client.runs.remove({ ids: [id] })).ids).toContain(id);
  expect((await listed(app)).map((run) => run.id)).toEqual([good]);
}

/** Puts a good run, which everything else must leave alone, into a new application. */
function withGoodRun(): { app: App; good: string } {
  const app = temporaryApplication();
  const record = { ...fc.sample(accepted(runRecordSchema), { numRuns: 1, seed: 5 })[0]!, id: 'good', folder: '/none', parents: [], status: 'done', kind: 'classifier', spec: validSpecs.classifier } as const; // prettier-ignore
  app.application.workbench.catalogue.insert(runRecordSchema.parse(record));
  return { app, good: 'good' };
}

const running = { status: 'running', host_pid: process.pid, host_started: null } as const;

describe('a run that somebody else has written', () => {
  let count = 0;
  beforeAll(() => {
    for (const kind of runKinds) expect(readStoredSpec(kind, validSpecs[kind]).fault).toBeNull();
  });

  it('is shown, or refused with a reason, by everything that shows runs; the others are as they were', async () => {
    const { app, good } = withGoodRun();
    await fc.assert(
      fc.asyncProperty(foreignRun, otherFiles, async ({ record, file, spec, inFile, kind }, others) => {
        const folder = join(app.place, `foreign-${count++}`);
        mkdirSync(folder);
        const id = `foreign-${count}`;
        // One that goes on could not be removed, and is followed until it ends.
        const ended = record.status === 'running' || record.status === 'queued' ? { status: 'done' } : {};
        const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
        write('run.json', { format: 1, ...record, ...ended, id, kind, spec });
        write('spec.json', { ...file, kind, spec: inFile ?? spec });
        for (const [name, value] of Object.entries(others)) write(name, value);
        const { added, skipped } = await app.client.runs.takeUp({ folder });
        if (added.length === 0) expect(skipped[0]!.reason).not.toBe('');
        else await showEverywhere(app, id, good);
      }),
      { numRuns: 60 },
    );
  }, 240_000);

  it('is done again without the tags that a draft cannot hold, and an engine that is unknown', async () => {
    const { app } = withGoodRun();
    const { catalogue } = app.application.workbench;
    const draftOf = async (changes: Partial<RunRecord>) => {
      catalogue.update('good', changes);
      return app.client.drafts.fromRun({ id: 'good' });
    };
    const tags = ['first', 'x'.repeat(60), 'x'.repeat(61), 'last'];
    expect((await draftOf({ tags, engine: 'abacus' })).tags).toEqual(['first', 'x'.repeat(60), 'last']);
    const numbered = Array.from({ length: 5000 }, (_, k) => `tag ${k}`);
    const draft = await draftOf({ tags: numbered });
    expect([draft.tags, draft.engine]).toEqual([numbered.slice(0, 100), 'auto']);
    expect((await draftOf({ engine: 'wasm' })).engine).toBe('wasm');
    expect((await app.client.drafts.check({ draft })).faults).toEqual([]);
  });

  it('is described by the wizard as far as it can be, whatever its draft holds', async () => {
    const { app } = withGoodRun();
    const draft = accepted(draftSchema.omit({ classifier: true, task: true, detectors: true }));
    const picked = fc.oneof(
      fc.constantFrom('backdoor', 'ood', 'mahalanobis', 'knn').map((name) => ({ name })),
      hostileObject.map((more) => ({ ...more, name: 'backdoor' })),
    );
    const classifier = fc.oneof(
      nearlyValid('classifier').map((params) => ({ source: 'train' as const, params })),
      fc.constantFrom('', 'good', '__proto__').map((run) => ({ source: 'run' as const, run })),
    );
    await fc.assert(
      fc.asyncProperty(
        draft,
        classifier,
        picked,
        fc.array(picked, { maxLength: 3 }),
        async (rest, from, task, detectors) => {
          const whole = { ...rest, classifier: from, task, detectors };
          showDraft(whole);
          const check = await orRefused('check', () => app.client.drafts.check({ draft: whole }));
          expect(check?.summaries.task).toBeTypeOf('string');
          await orRefused('review', () => app.client.drafts.review({ draft: whole }));
          await orRefused('network', () => app.client.drafts.network({ draft: whole }));
          await app.client.drafts.storeDraft({ draft: whole });
          await app.client.drafts.storedDraft({});
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is read from a file by the wizard, or refused with a sentence', () => {
    const text = fc.oneof(
      fc.tuple(accepted(specFileSchema), nearlyValid('detector')).map(([file, spec]) => JSON.stringify({ ...file, kind: 'detector', spec })), // prettier-ignore
      hostileJson.map((value) => JSON.stringify(value)),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (content) => {
        let draft: ExperimentDraft;
        try {
          draft = draftFromText(content, [], definitionsOf);
        } catch (error) {
          expect((error as Error).message).toMatch(/^The file/);
          return;
        }
        showDraft(draft);
      }),
    );
  });

  it('that goes on elsewhere is refused when it is to be removed, as any other', async () => {
    const { app } = withGoodRun();
    const { catalogue } = app.application.workbench;
    const [record] = fc.sample(accepted(runRecordSchema), { numRuns: 1, seed: 1 });
    catalogue.insert(
      runRecordSchema.parse({ ...record, ...running, id: 'going', folder: '/nowhere', spec: { task: 3 } }),
    );
    await expect(app.client.runs.remove({ ids: ['going'] })).rejects.toMatchObject({ data: { code: 'conflict' } });
  });
});

describe('the reason', () => {
  it.each<[string, RunKind, Record<string, unknown>, RegExp]>([
    ['a value of another type', 'classifier', { train_data: 'glyphs', model: { name: 'mlp', hidden_dims: 3 } }, /^Its spec is not valid: “Hidden layers” must be an array, got 3\.$/], // prettier-ignore
    ['a name that is not known', 'detector', { ...validSpecs.detector, detector: { name: 'mahalanobs' } }, /^Its spec is not valid: “Detector”: Unknown detector "mahalanobs"\. Did you mean "mahalanobis"\?/], // prettier-ignore
    ['something missing', 'evaluation', { ...validSpecs.evaluation, task: undefined }, /^Its spec is not valid: “Task” needs the name of a task: /], // prettier-ignore
    ['one deep below', 'classifier', { train_data: { name: 'backdoor', original: 'glyphs', backdoor: { name: 'corner', p_backdoor: 2 } } }, /^Its spec is not valid: “Poisoned share” must be at most 1, got 2\.$/], // prettier-ignore
  ])('says what is wrong: %s', (_, kind, spec, says) => {
    expect(readStoredSpec(kind, JSON.parse(JSON.stringify(spec)) as Record<string, unknown>).fault).toMatch(says);
  });

  it('is none of a run that was made before a parameter was there: it has its default', () => {
    for (const kind of runKinds) {
      const { params } = runDefinitionOf(kind);
      const { seed: _, batch_size: _size, analysis: _analysis, ...old } = params.parse(validSpecs[kind]);
      const read = readStoredSpec(kind, old);
      expect([read.fault, read.sound.seed]).toEqual([null, 0]);
    }
  });

  it('leaves the rest of a spec in its place', () => {
    const read = readStoredSpec('detector', { ...validSpecs.detector, detector: { name: 'gone' }, extra: 1 });
    expect(read.sound).toMatchObject({ task: { name: 'backdoor', backdoor: { name: 'wanet' } }, seed: 1 });
    expect(read.sound.detector).toBeUndefined();
    expect(read.unread).toEqual({ detector: { name: 'gone' }, extra: 1 });
  });
});
