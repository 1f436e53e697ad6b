import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedFiles } from './named-files.ts';
import { packProgram, updateKey, type PackedProgram } from './pack.ts';

/** What the program in a folder names, and what of it is missing there. */
async function namedFiles(folder: string): Promise<NamedFiles> {
  const script = fileURLToPath(new URL('named-files.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--experimental-import-meta-resolve', script, folder],
    { env: { ...process.env, NODE_PATH: '' }, maxBuffer: 64e6 },
  );
  return JSON.parse(stdout) as NamedFiles;
}

// What electron-builder writes is laid out as the platform wants it; one of them is looked at.
describe.runIf(process.platform === 'linux')('the packed program', () => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-packed-'));
  let program: PackedProgram;
  const paths = () => program.files.map(({ path }) => path);

  beforeAll(async () => {
    program = await packProgram(place);
  }, 240_000);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it('holds the compiled program and its pages, and no sources, tests or documents', () => {
    expect(paths()).toEqual(
      expect.arrayContaining(['package.json', 'dist/electron/main/hosts/electron/main.js', 'dist/renderer/index.html']),
    );
    const own = paths().filter((path) => !path.startsWith('node_modules/'));
    expect(own.filter((path) => !/^(dist\/(electron|renderer)\/|package\.json$|LICENSE$)/.test(path))).toEqual([]);
    expect(paths().filter((path) => /\.(ts|map|md)$|\/(test|tests)\//.test(path))).toEqual([]);
  });

  it('has native code of this platform alone, beside the archive', () => {
    const native = program.files.filter(({ path }) => /\.(node|so|dylib|dll)(\.\d+)*$/.test(path));
    for (const name of ['better-sqlite3', '@napi-rs/canvas'])
      expect(native.filter(({ path }) => path.startsWith(`node_modules/${name}`))).toHaveLength(1);
    for (const { path, isUnpacked } of native) {
      expect(path).toContain(`linux-${process.arch}`);
      expect(isUnpacked, path).toBe(true);
    }
  });

  it('carries the licence of everything in it, to be read with the program and without', () => {
    const notices = readFileSync(join(program.resources, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    expect(readFileSync(join(program.folder, 'dist/renderer/THIRD-PARTY-NOTICES.txt'), 'utf8')).toBe(notices);
    const lines = new Set(notices.split('\n').map((line) => line.replace(/ \([^()]*\)$/, '')));
    const packed = paths()
      .filter((path) => /^node_modules\/(.*\/node_modules\/)?(@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
      .map((path) => JSON.parse(readFileSync(join(program.folder, path), 'utf8')) as { name: string; version: string })
      .map(({ name, version }) => `${name} ${version}`);
    expect(packed.length).toBeGreaterThan(100);
    expect(packed.filter((title) => !lines.has(title))).toEqual([]);
    // What the pages contain, and what is no package.
    for (const name of [
      'svelte',
      'bits-ui',
      '@lucide/svelte',
      'chart.js',
      'assemblyscript',
      'electron',
      'Inter',
      'Skia',
    ])
      expect(
        [...lines].some((line) => line === name || line.startsWith(`${name} `)),
        name,
      ).toBe(true);
    expect(notices).toContain('SIL OPEN FONT LICENSE Version 1.1');
  });

  it('knows the key for updates that its build was given', () => {
    const packageFile = JSON.parse(readFileSync(join(program.folder, 'package.json'), 'utf8')) as object;
    expect(packageFile).toMatchObject({ name: 'cupbearer', updateKey });
  });

  it('is no larger than it has to be', () => {
    const bytes = program.files.reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes).toBeLessThan(140e6);
  });

  it('has the fuses of its binary set', () => {
    // In Electron's order: run as Node off; of cookies, as it comes; NODE_OPTIONS off; --inspect off; integrity of the archive
    // on; no program beside it; of the snapshot, as it comes; privileges of file: off.
    expect(program.fuses).toMatch(/^0.0011.0/);
  });

  it('has every file and every package that its code names', async () => {
    const { found, missing } = await namedFiles(program.folder);
    expect(missing).toEqual([]);
    // It did look: at each kind of name, and at the plain JavaScript of the program, too.
    expect(found.module).toBeGreaterThan(1500);
    expect(found.required).toBeGreaterThan(3);
    expect(found.file).toBeGreaterThan(8);
  });

  it('would be missed for each of these, whatever names it', { timeout: 60_000 }, async () => {
    const lost = [
      'dist/electron/main/jobs/host-watcher.mjs',
      'dist/electron/main/storage/private-folder.mjs',
      'dist/electron/main/tensor/kernels/build',
      'dist/electron/resources/fonts',
      'node_modules/@orpc/server/dist/adapters/standard/index.mjs',
      'node_modules/better-sqlite3/package.json',
      'node_modules/zod/index.js',
    ];
    const copy = join(place, 'copy');
    cpSync(program.folder, copy, { recursive: true });
    for (const path of lost) rmSync(join(copy, path), { recursive: true });
    const { missing } = await namedFiles(copy);
    const names = missing.map((line) => line.split(': ')[1]!);
    for (const name of [
      './host-watcher.mjs',
      './private-folder.mjs',
      'build/',
      '../../resources/fonts/',
      '@orpc/server/standard',
      'better-sqlite3',
      'zod',
    ])
      expect(names).toContain(name);
  });

  it('works: trains with reading threads, fits, previews, estimates, reports', { timeout: 240_000 }, async () => {
    const script = fileURLToPath(new URL('use-program.ts', import.meta.url));
    const home = join(place, 'home');
    const { stdout } = await promisify(execFile)(process.execPath, [script, program.folder, home], {
      cwd: place,
      env: { ...process.env, CUPBEARER_HOME: home, NODE_PATH: '' },
    });
    const done = { status: 'done', error: null };
    const result = JSON.parse(stdout) as { files: string[]; figures: number; engines: unknown[] };
    expect(result).toMatchObject({ read: 3, preview: 2, estimated: true, runs: [done, done], report: true });
    expect(result.files).toEqual(expect.arrayContaining(['detector.safetensors', 'eval.json', 'model.safetensors']));
    expect(result.figures).toBeGreaterThan(10_000);
    expect(result.engines).toContainEqual({ id: 'wasm', works: true });
  });
});
