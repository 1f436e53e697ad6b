import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appendJsonLine,
  createDatedRunFolder,
  createRunFolder,
  evalFolder,
  holdsRun,
  readJsonLines,
  readRecord,
  readScores,
  readSpec,
  requireRun,
  resumeRunFolder,
  writeJsonLines,
  writeRecord,
  writeScores,
  writeSpec,
} from '../../main/storage/run-folder.ts';
import { parseNpy } from '../../main/storage/npy.ts';
import { readTensorFile, writeTensorFile } from '../../main/storage/tensor-file.ts';
import { outputOf, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import { permissionsBind, withoutPermissions, withoutRoot } from './hostile-disks.ts';
import { runRecord, specFile } from './run-records.ts';

const dead = () => false;
const alive = () => true;

describe('createRunFolder', () => {
  it('creates the folder and those above it', () => {
    const path = join(temporaryFolder(), 'logs', 'classifier');
    expect(createRunFolder(path)).toBe(path);
    expect(readdirSync(path)).toEqual([]);
  });

  it('takes an empty folder, and one with litter alone', () => {
    const path = temporaryFolder();
    writeFileSync(join(path, '.DS_Store'), '');
    writeFileSync(join(path, '.spec.json.0123456789ab.tmp'), '{');
    expect(createRunFolder(path)).toBe(path);
  });

  it('refuses a folder that holds a run', () => {
    const path = createRunFolder(join(temporaryFolder(), 'a'));
    writeSpec(path, specFile());
    const error = errorOf('conflict', () => createRunFolder(path));
    expect(error.message).toBe(`"${path}" holds a run already; nothing was overwritten.`);
    expect(error.hint).toBeDefined();
  });

  it('refuses a folder that holds other files, and a file', () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'thesis.tex'), '');
    expect(errorOf('conflict', () => createRunFolder(path)).message).toContain('"thesis.tex"');
    expect(errorOf('conflict', () => createRunFolder(join(path, 'thesis.tex'))).message).toContain('is a file');
    const below = errorOf('storage', () => createRunFolder(join(path, 'thesis.tex', 'a', 'b')));
    expect(below.message).toContain('Could not create the folder');
  });

  it.skipIf(!permissionsBind)(`says that the folder above is read-only${withoutPermissions}`, () => {
    const path = temporaryFolder();
    chmodSync(path, 0o555);
    const error = errorOf('storage', () => withoutRoot(() => createRunFolder(join(path, 'a'))));
    expect(error.message).toContain('permission was denied');
  });
});

describe('a dated run folder', () => {
  const now = new Date(2026, 10, 3, 4, 5, 6);

  it('is named by local time, with a number where the name is taken', () => {
    const base = join(temporaryFolder(), 'logs', 'train-classifier');
    const names = [1, 2, 3].map(() => basename(createDatedRunFolder(base, now)));
    expect(names).toEqual(['2026-11-03_04-05-06', '2026-11-03_04-05-06-2', '2026-11-03_04-05-06-3']);
  });

  it('is never shared by two processes', async () => {
    const base = temporaryFolder();
    const script = `
      import { createDatedRunFolder } from 'STORAGE/run-folder.ts';
      for (let i = 0; i < 20; i++) console.log(createDatedRunFolder(process.argv[1], new Date(0)));`;
    const outputs = await Promise.all([1, 2].map(() => outputOf(startChild(script, [base]))));
    const folders = outputs.flatMap((text) => text.trim().split('\n'));
    expect(folders).toHaveLength(40);
    expect(new Set(folders).size).toBe(40);
  });
});

describe('spec.json and run.json', () => {
  it('are read back', () => {
    const path = temporaryFolder();
    const record = runRecord({ folder: path, error: { code: 'storage', message: 'The disk is full.' } });
    writeSpec(path, specFile());
    writeRecord(path, record);
    expect(readSpec(path)).toEqual(specFile());
    expect(readRecord(path)).toEqual(record);
    expect(holdsRun(path)).toBe(true);
  });

  it('spec.json is never overwritten', () => {
    const path = temporaryFolder();
    writeSpec(path, specFile());
    errorOf('conflict', () => writeSpec(path, { ...specFile(), seed: 8 }));
    expect(readSpec(path).seed).toBe(7);
  });

  it('of a newer version are refused with both versions named', () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'spec.json'), JSON.stringify({ format: 2, all: 'different' }));
    writeFileSync(join(path, 'run.json'), JSON.stringify({ format: 2 }));
    expect(errorOf('bad-data', () => readSpec(path)).message).toBe(
      `"${join(path, 'spec.json')}" was written by a newer version (format 2; this program reads 1).`,
    );
    expect(errorOf('bad-data', () => readRecord(path)).message).toContain('newer version');
  });

  it.each(['null', '[]', '{}', '{"format":"1"}', '{"format":0}', '{"format":1,"kind":"cake"}', '{"format":1'])(
    'with %s in it are refused',
    (text) => {
      const path = temporaryFolder();
      writeFileSync(join(path, 'spec.json'), text);
      writeFileSync(join(path, 'run.json'), text);
      expect(errorOf('bad-data', () => readSpec(path)).message).toContain(join(path, 'spec.json'));
      expect(errorOf('bad-data', () => readRecord(path)).message).toContain(join(path, 'run.json'));
    },
  );

  it('that are missing are told apart from a folder that is missing', () => {
    const path = temporaryFolder();
    expect(errorOf('not-found', () => readSpec(path)).message).toContain('there is no spec.json in it');
    expect(errorOf('not-found', () => requireRun(join(path, 'x'))).message).toContain('there is no such folder');
  });
});

describe('resumeRunFolder', () => {
  function folderWith(changes: Parameters<typeof runRecord>[0]): string {
    const path = temporaryFolder();
    writeSpec(path, specFile());
    writeRecord(path, runRecord(changes));
    return path;
  }

  it.each(['interrupted', 'cancelled', 'failed', 'running', 'queued'] as const)('goes on with one %s', (status) => {
    const path = folderWith({ status });
    expect(resumeRunFolder(path, dead)).toBe(path);
  });

  it('goes on where the record was not yet written', () => {
    const path = temporaryFolder();
    writeSpec(path, specFile());
    expect(resumeRunFolder(path, alive)).toBe(path);
  });

  it('refuses a finished run, one at work, and a folder without a run', () => {
    errorOf('conflict', () => resumeRunFolder(folderWith({ status: 'done' }), dead));
    const working = errorOf('conflict', () => resumeRunFolder(folderWith({ status: 'running' }), alive));
    expect(working.message).toContain('Process 4711 is still at work');
    errorOf('not-found', () => resumeRunFolder(temporaryFolder(), dead));
  });
});

describe('scores', () => {
  const scores = () => ({
    layers: new Map([
      ['layers.linear_0.output', Float32Array.from([0.5, 2])],
      ['all', Float32Array.from([1, 3])],
    ]),
    labels: Uint8Array.from([0, 1]),
    sampleIndex: Int32Array.from([12, 7]),
  });

  it('are one npy file a layer, named as the layer', () => {
    const path = temporaryFolder();
    writeScores(path, scores());
    expect(readdirSync(join(path, 'scores')).sort()).toEqual([
      'all.npy',
      'anomaly_labels.npy',
      'layers.linear_0.output.npy',
      'sample_index.npy',
    ]);
    const bytes = readFileSync(join(path, 'scores', 'layers.linear_0.output.npy'));
    expect(parseNpy(bytes, 'x')).toEqual({ shape: [2], data: Float32Array.from([0.5, 2]) });
    const read = readScores(path);
    expect({ ...read, layers: [...read.layers].sort() }).toEqual({ ...scores(), layers: [...scores().layers].sort() });
  });

  it('of an earlier evaluation do not stay among later ones', () => {
    const path = temporaryFolder();
    writeScores(path, scores());
    writeScores(path, { ...scores(), layers: new Map([['all', Float32Array.from([9, 9])]]) });
    expect([...readScores(path).layers.keys()]).toEqual(['all']);
  });

  it.each(['../evil', 'a/b', 'a\\b', '..', '', 'con', 'a:b', 'a\u0000', 'x'.repeat(300), 'anomaly_labels', 'ALL'])(
    'refuse the layer name %j and write nothing',
    (name) => {
      const path = temporaryFolder();
      const layers = new Map([...scores().layers, [name, Float32Array.from([0, 0])]]);
      errorOf('usage', () => writeScores(path, { ...scores(), layers }));
      expect(existsSync(join(path, 'scores'))).toBe(false);
    },
  );

  it('of different lengths are a defect', () => {
    errorOf('internal', () => writeScores(temporaryFolder(), { ...scores(), sampleIndex: new Int32Array(3) }));
  });

  it('that are damaged or missing are named', () => {
    const path = temporaryFolder();
    writeScores(path, scores());
    const labels = join(path, 'scores', 'anomaly_labels.npy');
    writeFileSync(join(path, 'scores', 'all.npy'), readFileSync(labels));
    expect(errorOf('bad-data', () => readScores(path)).message).toContain(
      'all.npy": expected Float32Array [2], found Uint8Array [2]',
    );
    rmSync(labels);
    expect(errorOf('not-found', () => readScores(path)).message).toContain('anomaly_labels.npy');
  });
});

describe('other files of a run folder', () => {
  it('tensors are read back', () => {
    const file = join(temporaryFolder(), 'model.safetensors');
    const tensors = { w: { shape: [1, 2], data: Float32Array.from([1, 2]) } };
    writeTensorFile(file, tensors, { format: 'pt' });
    expect(readTensorFile(file)).toEqual({ tensors, metadata: { format: 'pt' } });
    writeFileSync(file, readFileSync(file).subarray(0, 20));
    expect(errorOf('bad-data', () => readTensorFile(file)).message).toContain(file);
  });

  it('lines can be cut back to those that a checkpoint covers', () => {
    const path = temporaryFolder();
    expect(readJsonLines(path, 'metrics.jsonl')).toEqual([]);
    for (const epoch of [1, 2, 3]) appendJsonLine(path, 'metrics.jsonl', { epoch });
    writeJsonLines(path, 'metrics.jsonl', readJsonLines(path, 'metrics.jsonl').slice(0, 2));
    appendJsonLine(path, 'metrics.jsonl', { epoch: 33 });
    expect(readJsonLines(path, 'metrics.jsonl')).toEqual([{ epoch: 1 }, { epoch: 2 }, { epoch: 33 }]);
  });

  it('lines that are more than a training has epochs are refused before any is parsed', () => {
    const path = temporaryFolder();
    const file = join(path, 'metrics.jsonl');
    writeFileSync(file, 'nonsense\n'.repeat(100_001));
    expect(errorOf('bad-data', () => readJsonLines(path, 'metrics.jsonl')).message).toMatch(
      /metrics\.jsonl": expected at most 100\s000 lines, found more\.$/,
    );
    writeFileSync(file, '{}\n'.repeat(100_000));
    expect(readJsonLines(path, 'metrics.jsonl')).toHaveLength(100_000);
  });

  it('a deleted run folder is noticed, not made again', () => {
    const path = join(temporaryFolder(), 'run');
    mkdirSync(path);
    rmSync(path, { recursive: true });
    errorOf('storage', () => writeRecord(path, runRecord()));
    errorOf('storage', () => appendJsonLine(path, 'log.jsonl', { a: 1 }));
    errorOf('storage', () => writeTensorFile(join(path, 'model.safetensors'), {}));
    errorOf('storage', () =>
      writeScores(path, { layers: new Map(), labels: new Uint8Array(0), sampleIndex: new Int32Array(0) }),
    );
    expect(existsSync(path)).toBe(false);
  });

  it('further evaluations have folders of their own', () => {
    expect(evalFolder('/run', 'noise-0.2')).toBe(join('/run', 'evals', 'noise-0.2'));
    errorOf('usage', () => evalFolder('/run', '../../etc'));
  });
});
