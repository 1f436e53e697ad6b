import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packProgram, updateKey, type PackedProgram } from './pack.ts';

const packageOf = (name: string) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

// What electron-builder writes is laid out as the platform wants it; one of them is looked at.
describe.runIf(process.platform === 'linux')('the packed program', () => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-packed-'));
  let program: PackedProgram;
  const paths = () => program.files.map(({ path }) => path);
  const code = () =>
    readdirSync(join(program.folder, 'dist/electron'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.c?js$/.test(name))
      .map((name) => join(program.folder, 'dist/electron', name));

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

  it('has every file and every package that its code names', () => {
    const known = new Set([...builtinModules, 'electron']);
    const missing = code().flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const imports = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
      const packages = imports.filter((name) => !/^(\.|node:)/.test(name) && !known.has(name)).map(packageOf);
      // Entries of processes and threads, kernels, fonts, styles; what stands for many in ${...} is the run's to find.
      const urls = [...text.matchAll(/new URL\(["'`](\.[^"'`$]*)["'`], import\.meta\.url\)/g)].map(
        (match) => match[1]!,
      );
      const files = [...imports.filter((name) => name.startsWith('.')), ...urls].map((name) =>
        join(dirname(file), name),
      );
      const folders = packages.map((name) => join(program.folder, 'node_modules', name));
      return [...files, ...folders].filter((path) => !existsSync(path)).map((path) => relative(program.folder, path));
    });
    expect(code().length).toBeGreaterThan(300);
    expect(missing).toEqual([]);
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
