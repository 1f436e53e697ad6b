import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { evaluationFolders, readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { Workbench, type FinishedRun } from '../../main/api/workbench.ts';
import type { RunEvent } from '../../main/jobs/protocol.ts';
import { processIdentity } from '../../main/storage/process-identity.ts';
import {
  createRunFolder,
  readJsonLines,
  readRecord,
  readSpec,
  writeRecord,
  writeSpec,
} from '../../main/storage/run-folder.ts';
import { hashFile } from '../../main/storage/content-hash.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { canMount, fillDisk, smallDisk, withoutMount } from '../storage/hostile-disks.ts';
import { parseSpec } from '../../main/runs/index.ts';
import { runOn } from './run-on.ts';

/** Whether some process cannot be ended by this user (Linux, for anybody but the administrator). */
const cannotKillAll = process.platform === 'linux' && process.getuid!() !== 0;
const withoutRights = cannotKillAll ? '' : ' (skipped: needs Linux and a user that is not root)';

let place: string;
let dataDir: string;
let workbench: Workbench;
/** The runs that all tests build on; what a test changes of them it puts back. */
let classifier: FinishedRun;
let detector: FinishedRun;
/** What the catalogue said of the classifier while it was trained. */
const statesOfClassifier: string[] = [];

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-workbench-'));
  dataDir = join(place, 'data');
  writeSmallMnist(dataDir, { train: 200, test: 60, side: 8 });
  process.env['CUPBEARER_HOME'] = join(place, 'home');
  workbench = new Workbench();
  classifier = await runOn(workbench, 'train-classifier', training(3), {
    folder: 'runs/classifier',
    workingDir: place,
    dataDir: 'data',
    command: 'as typed',
    onEvent: () => void statesOfClassifier.push(workbench.catalogue.byFolder(at('classifier'))!.status),
  });
  const ofClassifier = { task: { name: 'backdoor', run_path: 'runs/classifier' } };
  detector = await runOn(workbench, 'train-detector', ofClassifier, {
    folder: at('detector'),
    workingDir: place,
    dataDir,
  });
});
afterAll(() => {
  workbench.close();
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
});

const at = (...names: string[]) => join(place, 'runs', ...names);
const training = (num_epochs: number) => ({
  train_data: { name: 'backdoor', original: 'mnist', backdoor: { name: 'corner', p_backdoor: 0.2 } },
  model: { name: 'mlp', hidden_dims: [16] },
  optim: { name: 'adam', learning_rate: 0.01 },
  batch_size: 50,
  num_epochs,
});
const task = (more: object = {}) => ({ name: 'backdoor', run_path: at('classifier'), ...more });
const evaluation = (more: object = {}) => ({ detector: { name: 'from_run', path: at('detector') }, task: task(more) });

/** What a run says of a host that goes on: this process. */
function runningHost() {
  const { pid, started } = processIdentity();
  return { host_pid: pid, host_started: started };
}

/** A run in a folder of its own that says of itself what `source` says, but for `changes`. */
function storedRun(name: string, source: string, changes: Partial<RunRecord> = {}): string {
  const folder = createRunFolder(at(name));
  writeSpec(folder, readSpec(at(source)));
  writeRecord(folder, { ...readRecord(at(source)), id: `20260101-000000-${name}`, folder, ...changes });
  return folder;
}

/** A copy of the detector's run. It goes with the test. */
function copyOfDetector(name: string): string {
  onTestFinished(() => rmSync(at(name), { recursive: true, force: true }));
  cpSync(at('detector'), at(name), { recursive: true });
  return at(name);
}

/** The failure of a request. */
async function failureOf(run: Promise<FinishedRun>): Promise<CupbearerError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CupbearerError);
  return error as CupbearerError;
}

/** Starts a training that is cancelled after its second epoch. */
async function cancelledTraining(name: string, epochs: number): Promise<CupbearerError> {
  const abort = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === 'log' && event.message.startsWith('epoch 2/')) abort.abort();
  };
  return failureOf(
    runOn(workbench, 'train-classifier', training(epochs), {
      folder: at(name),
      dataDir,
      signal: abort.signal,
      onEvent,
    }),
  );
}

describe('runs', () => {
  it('are in the catalogue while they go on and once they are done', () => {
    const { record, folder, found } = classifier;
    expect(new Set(statesOfClassifier)).toEqual(new Set(['running']));
    expect([folder, found]).toEqual([at('classifier'), false]);
    expect(record).toMatchObject({
      kind: 'classifier',
      status: 'done',
      title: 'mlp on mnist, corner pixel trigger',
      engine: 'wasm',
      error: null,
      parents: [],
      host_pid: process.pid,
    });
    expect(Object.keys(record.metrics)).toEqual([
      'train_loss',
      'train_accuracy',
      'clean_accuracy',
      'largest_class',
      'largest_prediction',
      'attack_success',
    ]);
    expect(Object.keys(record.timings)).toEqual(['data', 'training', 'figures', 'total']);
    expect(Date.parse(record.ended_at!)).toBeGreaterThanOrEqual(Date.parse(record.started_at!));
    expect(workbench.catalogue.get(record.id)).toEqual(record);
    expect(readRecord(folder)).toEqual(record);

    const file = readSpec(folder);
    expect(file).toMatchObject({ kind: 'classifier', seed: 0, engine: 'wasm', command: 'as typed', spec: record.spec });
    expect(Object.keys(file.fingerprints)).toEqual(['train_data', 'val_data.clean', 'val_data.backdoor']);
    expect(readdirSync(folder).sort()).toEqual(
      ['figures', 'log.jsonl', 'metrics.jsonl', 'model.json', 'model.safetensors', 'run.cupbearer', 'run.json', 'spec.json', 'steps.jsonl', 'trigger.safetensors'], // prettier-ignore
    );
  });

  it('name the runs they were made from, with absolute paths', () => {
    const { record } = detector;
    expect(record.parents).toEqual([classifier.record.id]);
    expect(record.spec['task']).toMatchObject({ run_path: at('classifier') });
    expect(record.title).toBe('mahalanobis: Backdoor, corner pixel, MNIST');
    const { layers } = readEvaluation(at('detector'));
    expect(record.metrics['auroc']).toBe(layers['all']!.AUC_ROC);
  });

  it('get a dated folder where none is named', async () => {
    const error = await failureOf(
      runOn(workbench, 'train-classifier', training(1), { workingDir: place, dataDir: join(place, 'nothing') }),
    );
    expect(error.code).toBe('not-found');
    const [name] = readdirSync(join(place, 'logs', 'train-classifier'));
    expect(name).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/);
    // It failed, and both the catalogue and the folder say why.
    const record = workbench.catalogue.byFolder(join(place, 'logs', 'train-classifier', name!))!;
    expect(record).toMatchObject({ status: 'failed', error: { code: 'not-found', message: error.message } });
    expect(record.error).not.toHaveProperty('stack');
    expect(readRecord(record.folder)).toEqual(record);
  });

  it('overwrite nothing', async () => {
    const before = readFileSync(join(at('classifier'), 'model.safetensors'));
    const error = await failureOf(
      runOn(workbench, 'train-classifier', training(1), { folder: at('classifier'), dataDir }),
    );
    expect(error.code).toBe('conflict');
    expect(error.message).toBe(`"${at('classifier')}" holds a run already; nothing was overwritten.`);
    expect(readFileSync(join(at('classifier'), 'model.safetensors'))).toEqual(before);
    writeFileSync(join(place, 'file'), '');
    const onFile = await failureOf(
      runOn(workbench, 'train-classifier', training(1), { folder: join(place, 'file'), dataDir }),
    );
    expect(onFile.message).toContain('is a file; expected a new or empty folder.');
  });

  it('leave no folder where the request cannot be met', async () => {
    const { message, code } = await failureOf(
      runOn(
        workbench,
        'train-detector',
        { task: { name: 'backdoor', run_path: at('nobody') } },
        { folder: at('never') },
      ),
    );
    expect([code, message]).toEqual(['not-found', `"${at('nobody')}" holds no run: there is no such folder.`]);
    expect(existsSync(at('never'))).toBe(false);
    const wrong = await failureOf(runOn(workbench, 'train-classifier', { ...training(1), batch_size: 0 }, { folder: at('never') })); // prettier-ignore
    expect([wrong.code, wrong.message]).toEqual(['usage', 'batch_size must be at least 1, got 0.']);
    expect(existsSync(at('never'))).toBe(false);
  });

  it.each<[string, string, () => object, RegExp]>([
    ['an unknown layer', 'train-detector', () => ({ detector: { name: 'mahalanobis', layers: ['layers.linear_7.output'] }, task: task() }), /^Unknown layer "layers\.linear_7\.output"/],
    ['no trusted data', 'train-detector', () => ({ detector: 'mahalanobis', task: task({ trusted_fraction: 0 }) }), /^Mahalanobis distance needs trusted data, which this task does not offer\.$/],
    ['no untrusted data', 'train-detector', () => ({ detector: 'spectral', task: task() }), /^Spectral signatures needs untrusted data, which this task does not offer\.$/],
    ['no labels', 'train-detector', () => ({ detector: 'supervised-probe', task: task({ trusted_fraction: 0.5 }) }), /^Supervised probe \(skyline\) needs untrusted data that is labelled/],
    ['one layer where two are needed', 'train-detector', () => ({ detector: { name: 'ted', layers: ['layers.linear_0.output'] }, task: task() }), /^The detector "ted" needs at least 2 layers, and 1 was chosen\.$/],
    ['data of another shape', 'train-detector', () => ({ task: task({ data: 'glyphs' }) }), /^The classifier in .* takes inputs of shape 8 x 8 x 1 in 10 classes; the data "glyphs" has 28 x 28 x 1 in 10\.$/],
    ['a classifier for another task', 'train-detector', () => ({ task: { name: 'toy-features', run_path: at('classifier') } }), /^Expected a classifier trained on toy-features; the classifier in .* was trained on mnist\.$/],
    ['separate data of another shape', 'train-detector', () => ({ task: { name: 'separate-data', run_path: at('classifier'), trusted_data: 'mnist', clean_test_data: 'mnist', anomalous_test_data: 'cifar10' } }), /the data "mnist" has 28 x 28 x 1 in 10\.$/],
    ['a change that is the trigger', 'train-detector', () => ({ task: { name: 'ood', run_path: at('classifier'), change: 'corner' } }), /^Expected a harmless change other than the trigger/],
    ['test data of one kind', 'train-detector', () => ({ task: task({ clean_test_weight: 0 }) }), /leaves none that are clean\.$/],
    ['a model that cannot take the data', 'train-classifier', () => ({ train_data: 'glyphs', model: 'transformer' }), /^A transformer needs texts/],
    ['a trigger that cannot mark the data', 'train-classifier', () => ({ train_data: { name: 'backdoor', original: 'glyphs', backdoor: 'sentence' } }), /^The trigger "sentence" expects texts/],
    ['a target that is no class', 'train-classifier', () => ({ train_data: { name: 'backdoor', original: 'glyphs', backdoor: { name: 'corner', target_class: 10 } } }), /^Expected a target class of 0 to 9, found 10\.$/],
    ['validation data of another shape', 'train-classifier', () => ({ train_data: 'glyphs', val_data: { wide: 'cifar10' } }), /^The validation data "wide" has shape 32 x 32 x 3/],
  ])('leave nothing behind for %s', async (_, experiment, params, says) => {
    const before = workbench.catalogue.list().length;
    const { code, message } = await failureOf(
      runOn(workbench, experiment, params(), { folder: at('never'), dataDir: join(place, 'nothing') }),
    );
    expect([code, message]).toEqual(['usage', expect.stringMatching(says)]);
    expect(existsSync(at('never'))).toBe(false);
    expect(workbench.catalogue.list()).toHaveLength(before);
  }); // prettier-ignore

  it('keep the fingerprint of a file that they start from, and leave nothing behind where it does not fit', async () => {
    const from = (initial: string) => ({ detector: { name: 'abstraction', initial, num_epochs: 1 }, task: task() });
    const wrong = join(at('classifier'), 'model.safetensors');
    const refusal = await failureOf(runOn(workbench, 'train-detector', from(wrong), { folder: at('never'), dataDir }));
    expect([refusal.code, refusal.message]).toEqual([
      'bad-data',
      `${wrong} has no "layers.linear_0.output/tau.weight"; the chosen layers need one of shape [any, 16].`,
    ]);
    expect(existsSync(at('never'))).toBe(false);
    const plain = { detector: 'abstraction', task: task() };
    await runOn(workbench, 'train-detector', plain, { folder: at('abstraction'), dataDir });
    const given = join(at('abstraction'), 'detector.safetensors');
    await runOn(workbench, 'train-detector', from(given), { folder: at('continued'), dataDir });
    expect(readSpec(at('abstraction')).fingerprints).not.toHaveProperty(['detector.initial']);
    expect(readSpec(at('continued')).fingerprints['detector.initial']).toBe(hashFile(given));
  });

  it('leave nothing behind for the evaluation of layers that are not there', async () => {
    const shallow = { ...training(1), model: { name: 'mlp', hidden_dims: [] } };
    await runOn(workbench, 'train-classifier', shallow, { folder: at('shallow'), dataDir });
    const asked = { ...evaluation(), task: { name: 'backdoor', run_path: at('shallow') } };
    const { code, message } = await failureOf(
      runOn(workbench, 'eval-detector', asked, { folder: at('never'), dataDir }),
    );
    expect([code, message]).toEqual(['usage', expect.stringMatching(/^Unknown layer "layers\.linear_1\.output"/)]);
    expect(existsSync(at('never'))).toBe(false);
  });
});

describe('evaluations', () => {
  it('are found where they are there already', async () => {
    const count = workbench.catalogue.list().length;
    const events: RunEvent[] = [];
    const again = await runOn(workbench, 'eval-detector', evaluation(), {
      folder: at('detector'),
      dataDir,
      onEvent: (event) => events.push(event),
    });
    expect(again.found).toBe(true);
    expect(again.folder).toBe(at('detector'));
    expect(again.record).toEqual(workbench.known.recordOf(at('detector')));
    expect(events).toEqual([]);
    expect(workbench.catalogue.list()).toHaveLength(count);
  });

  it('of another task go to evals/<name>/, where they are found again', async () => {
    const noise = evaluation({ backdoor: { name: 'noise', std: 0.4 } });
    const before = evaluationFolders(at('detector'));
    const first = await runOn(workbench, 'eval-detector', noise, { folder: at('detector'), dataDir });
    expect(first.found).toBe(false);
    expect(first.folder).toMatch(/evals[\\/]backdoor-gaussian-noise-trigger-[0-9a-f]{6}$/);
    expect(before).toContain(at('detector'));
    expect(evaluationFolders(at('detector')).sort()).toEqual([...before, first.folder].sort());
    expect(first.record).toMatchObject({ kind: 'evaluation', status: 'done', folder: first.folder });
    const ids = ['detector', 'classifier'].map((name) => workbench.known.recordOf(at(name)).id);
    expect(first.record.parents).toEqual(ids);
    const again = await runOn(workbench, 'eval-detector', noise, { folder: at('detector'), dataDir });
    expect(again).toEqual({ ...first, found: true });
  });

  it('are computed anew with overwrite, or where they got lost, and come out the same', async () => {
    const score = join(at('detector'), 'scores', 'all.npy');
    const [scores, metrics] = [readFileSync(score), readFileSync(join(at('detector'), 'eval.json'))];
    const { id } = workbench.known.recordOf(at('detector'));
    for (const loss of ['scores', 'eval.json']) {
      rmSync(join(at('detector'), loss), { recursive: true });
      const anew = await runOn(workbench, 'eval-detector', evaluation(), {
        folder: at('detector'),
        dataDir,
        overwrite: loss === 'scores',
      });
      expect([anew.found, anew.record.id, anew.record.kind]).toEqual([false, id, 'detector']);
      expect(readFileSync(score)).toEqual(scores);
      expect(readFileSync(join(at('detector'), 'eval.json'))).toEqual(metrics);
    }
  });

  it('that were cut off can be asked for again, in the same folder and with another trigger', async () => {
    const cancelled = async (spec: object, folder: string) => {
      const signal = AbortSignal.abort();
      const error = await failureOf(runOn(workbench, 'eval-detector', spec, { folder, dataDir, signal }));
      expect(error.code).toBe('cancelled');
    };
    const noise = evaluation({ backdoor: { name: 'noise', std: 0.4 }, max_test_size: 30 });
    await cancelled(noise, at('detector'));
    const inside = await runOn(workbench, 'eval-detector', noise, { folder: at('detector'), dataDir });
    expect(inside.folder.startsWith(at('detector', 'evals'))).toBe(true);
    expect(inside.record).toMatchObject({ kind: 'evaluation', status: 'done', error: null });

    await cancelled(noise, at('cut-evaluation'));
    const { id } = workbench.known.recordOf(at('cut-evaluation'));
    const corner = evaluation({ max_test_size: 20 });
    const other = await runOn(workbench, 'eval-detector', corner, { folder: at('cut-evaluation'), dataDir });
    expect(other).toMatchObject({ found: false, folder: at('cut-evaluation'), record: { id, status: 'done' } });
    expect(other.record.title).toMatch(/^mahalanobis.*: Backdoor, corner pixel, MNIST$/);
    expect(readSpec(at('cut-evaluation')).spec).toEqual(other.record.spec);
    expect(other.record.spec).toMatchObject({ task: { max_test_size: 20 } });
  });

  it('that another process is at are left alone', async () => {
    const folder = storedRun('worked-on', 'detector', { status: 'running', ...runningHost() });
    const asked = evaluation({ max_test_size: 20 });
    const error = await failureOf(runOn(workbench, 'eval-detector', asked, { folder, dataDir, overwrite: true }));
    expect(error.message).toMatch(/^Process \d+ is still at work on the run in ".*worked-on"\.$/);
  });

  it('whose file is damaged say which one to remove', async () => {
    const folder = storedRun('damaged', 'detector');
    const file = join(folder, 'eval.json');
    writeFileSync(file, readFileSync(join(at('detector'), 'eval.json')).subarray(0, 300));
    const { code, message, hint } = await failureOf(
      runOn(workbench, 'eval-detector', evaluation(), { folder, dataDir }),
    );
    expect(code).toBe('bad-data');
    expect(message).toContain(file);
    expect(hint).toBe('Remove this file to have it computed again.');
  });

  it('of a detector that another home has made take it and its model into this catalogue', async () => {
    const other = new Workbench(join(place, 'other', 'catalogue.sqlite'));
    onTestFinished(() => other.close());
    expect(other.catalogue.list()).toEqual([]);
    const { record } = await runOn(other, 'eval-detector', evaluation({ max_test_size: 20 }), {
      folder: at('foreign'),
      dataDir,
    });
    const ids = ['detector', 'classifier'].map((name) => workbench.known.recordOf(at(name)).id);
    expect(record.parents).toEqual(ids);
    expect(other.catalogue.get(ids[0]!)).toEqual(workbench.catalogue.get(ids[0]!));
    expect(other.catalogue.get(ids[1]!).folder).toBe(at('classifier'));
  });
});

describe('the copy of a run', () => {
  it('can be built on, and is the same run', async () => {
    const copy = copyOfDetector('copy');
    const spec = { ...evaluation({ max_test_size: 20 }), detector: { name: 'from_run', path: copy } };
    const { record } = await runOn(workbench, 'eval-detector', spec, { folder: at('of-copy'), dataDir });
    expect(record.parents).toEqual(['detector', 'classifier'].map((name) => workbench.known.recordOf(at(name)).id));
    const found = await runOn(workbench, 'eval-detector', evaluation(), { folder: copy, dataDir });
    expect([found.found, found.folder]).toEqual([true, copy]);
  });

  it('is not worked in under the name of the original', async () => {
    const { id } = workbench.known.recordOf(at('detector'));
    const folder = copyOfDetector('second-copy');
    const { code, message } = await failureOf(
      runOn(workbench, 'eval-detector', evaluation(), { folder, dataDir, overwrite: true }),
    );
    expect([code, message]).toEqual(['conflict', `"${folder}" is a copy of the run ${id} in "${at('detector')}".`]);
  });

  it('takes its place once the original is gone', () => {
    const { id } = workbench.known.recordOf(at('detector'));
    const moved = copyOfDetector('moved');
    renameSync(at('detector'), at('away'));
    expect(workbench.known.recordOf(moved)).toMatchObject({ id, folder: moved });
    renameSync(at('away'), at('detector'));
    rmSync(moved, { recursive: true });
    expect(workbench.known.recordOf(at('detector'))).toMatchObject({ id, folder: at('detector') });
  });

  it('is none where the folder only has another name', async () => {
    symlinkSync(join(place, 'runs'), join(place, 'linked'), 'junction');
    const again = await runOn(workbench, 'eval-detector', evaluation(), {
      folder: join(place, 'linked', 'detector'),
      dataDir,
      overwrite: true,
    });
    expect([again.found, again.record.id]).toEqual([false, workbench.known.recordOf(at('detector')).id]);
  });
});

describe('an interrupted training', () => {
  it('goes on to the weights of one that was not', async () => {
    const whole = await runOn(workbench, 'train-classifier', training(60), { folder: at('whole'), dataDir });
    const error = await cancelledTraining('cut', 60);
    expect(error.code).toBe('cancelled');
    const cut = workbench.known.recordOf(at('cut'));
    expect(cut).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: expect.stringMatching(/was cancelled\.$/) as string },
    });
    const epochs = readJsonLines(at('cut'), 'metrics.jsonl').length;
    expect(epochs).toBeGreaterThanOrEqual(2);
    expect(epochs).toBeLessThan(60);

    const resumed = await runOn(workbench, 'train-classifier', {}, { folder: at('cut'), dataDir, resume: true });
    expect(resumed.record).toMatchObject({ id: cut.id, status: 'done', error: null, metrics: whole.record.metrics });
    const [found, expected] = [at('cut'), at('whole')].map((folder) => readFileSync(join(folder, 'model.safetensors')));
    expect(found!.equals(expected!)).toBe(true);
    const curve = (folder: string) =>
      readJsonLines(folder, 'metrics.jsonl').map((line) => ({ ...line, ms: undefined }));
    expect(curve(at('cut'))).toEqual(curve(at('whole')));
    expect(existsSync(join(at('cut'), 'checkpoint.safetensors'))).toBe(false);
  });

  it('goes on in smaller batches, and says that it did', async () => {
    await cancelledTraining('tight', 60);
    const smaller = { folder: at('tight'), dataDir, resume: true, batchSize: 25 };
    const { record } = await runOn(workbench, 'train-classifier', {}, smaller);
    expect(record).toMatchObject({ status: 'done', spec: { batch_size: 25 } });
    expect(readSpec(at('tight'))).toMatchObject({ spec: { batch_size: 25 }, earlier_batch_sizes: [50] });
    const steps = (readJsonLines(at('tight'), 'metrics.jsonl') as { steps: number }[]).map((line) => line.steps);
    expect(steps.at(-1) - steps.at(-2)).toBe(2 * steps[0]!);
  });

  it('starts over where it had not even got into the catalogue', async () => {
    const spec = readSpec(at('classifier'));
    const folder = at('barely');
    rmSync(folder, { recursive: true, force: true });
    writeSpec(createRunFolder(folder), { ...spec, engine: null, fingerprints: {} });
    const { record } = await runOn(workbench, 'train-classifier', {}, { folder, dataDir, resume: true });
    expect(record).toMatchObject({ status: 'done', spec: spec.spec, folder });
    const [found, expected] = [folder, at('classifier')].map((path) => readFileSync(join(path, 'model.safetensors')));
    expect(found!.equals(expected!)).toBe(true);
  });

  it.each<[string, () => string | undefined, string, RegExp]>([
    ['that is finished', () => at('classifier'), 'conflict', /is finished; there is nothing to resume\.$/],
    ['that is not there', () => at('nobody'), 'not-found', /holds no run: there is no such folder\.$/],
    ['without a folder', () => undefined, 'usage', /^Resuming needs the folder of the run\.$/],
    ['of another kind', () => storedRun('failed', 'detector', { status: 'failed' }), 'usage', /^Only the training of a classifier can be resumed; ".*" holds a run of kind detector\.$/], // prettier-ignore
    [
      'that another process is at',
      () => storedRun('running', 'classifier', { status: 'running', ...runningHost() }),
      'conflict',
      /^Process \d+ is still at work on the run in ".*"\.$/,
    ],
  ])('%s is not resumed', async (_, folder, code, sentence) => {
    const place = folder();
    const error = await failureOf(
      runOn(
        workbench,
        'train-classifier',
        {},
        { ...(place === undefined ? {} : { folder: place }), dataDir, resume: true },
      ),
    );
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
  });
});

describe('a run whose process went away', () => {
  it('is interrupted at the next start', () => {
    const folder = storedRun('left', 'classifier');
    const { id } = workbench.known.recordOf(folder);
    workbench.catalogue.update(id, { status: 'running', host_pid: 2 ** 22 + 1, host_started: 'long ago' });
    const next = new Workbench();
    onTestFinished(() => next.close());
    expect(next.known.recordOf(folder)).toMatchObject({ status: 'interrupted', error: { code: 'crashed' } });
    expect(readRecord(folder).status).toBe('interrupted');
  });

  it.skipIf(!cannotKillAll)(
    `is interrupted a little later where the system does not let its compute process be ended${withoutRights}`,
    async () => {
      const host = { pid: 2 ** 22 + 1, started: 'long ago' };
      // One of the administrator's, which is this user's to see but not to end.
      const stat = readFileSync('/proc/1/stat', 'utf8');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const started = `${boot}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
      mkdirSync(join(place, 'home', 'processes'), { recursive: true });
      writeFileSync(join(place, 'home', 'processes', '1.json'), JSON.stringify({ started, host }));
      onTestFinished(() => rmSync(join(place, 'home', 'processes', '1.json'), { force: true }));

      const folder = storedRun('left-later', 'classifier');
      const { id } = workbench.known.recordOf(folder);
      workbench.catalogue.update(id, { status: 'running', host_pid: host.pid, host_started: host.started });
      const next = new Workbench();
      onTestFinished(() => next.close());
      expect(next.known.recordOf(folder).status).toBe('running');
      const resuming = runOn(next, 'train-classifier', {}, { folder, dataDir, resume: true });
      expect((await failureOf(resuming)).message).toContain('is still at work on the run in');
      await expect.poll(() => next.known.recordOf(folder).status, { timeout: 20_000 }).toBe('interrupted');
    },
  );
});

describe.skipIf(!canMount)(`a catalogue on a full disk${withoutMount}`, () => {
  it('leaves nothing of a run that it could not take, now or at the next start', () => {
    const { folder: disk } = smallDisk('1m');
    const file = join(disk, 'catalogue.sqlite');
    const first = new Workbench(file);
    const prepare = (name: string) =>
      first.planner.create(parseSpec('classifier', training(1)), { folder: at(name), dataDir });
    prepare('before-full');
    fillDisk(disk);
    expect(() => prepare('refused')).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(readdirSync(at('refused')).filter((name) => name.endsWith('.json'))).toEqual([]);
    first.close();
    rmSync(join(disk, '.filler.000000000000.tmp'));
    const again = new Workbench(file);
    expect(again.catalogue.list().map(({ folder }) => folder)).toEqual([at('before-full')]);
    again.close();
  });
});
