import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy } from '../../main/storage/npy.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import type { PluginSummary } from '../../shared/domain/plugin.ts';
import { startCli, type Ended } from './cli-process.ts';

let place: string;
const at = (...names: string[]) => join(place, ...names);
const start = (...args: string[]): Promise<Ended> => startCli(args, { cwd: place, home: at('home') }).ended;

async function succeed(...args: string[]): Promise<Ended> {
  const ended = await start(...args);
  if (ended.code !== 0) expect.fail(`exit code ${ended.code}: ${ended.stderr}${ended.stdout}`);
  return ended;
}

async function plugins(): Promise<PluginSummary[]> {
  return JSON.parse((await succeed('plugin', 'list', '--json')).stdout) as PluginSummary[];
}

/** A detector on activations that were recorded: 60 trusted samples, 20 normal and 20 shifted ones. */
const recorded = [
  '--task',
  'activations',
  '--task.trusted',
  'layer=trusted.npy',
  '--task.test',
  'layer=test.npy',
  '--task.test_labels',
  'labels.npy',
  '--engine',
  'wasm',
];

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-plugins-'));
  const stream = RandomStream.from(0, 'plugins');
  const rows = (count: number, mean: number) => Float32Array.from({ length: count * 4 }, () => mean + stream.normal());
  writeFileSync(at('trusted.npy'), encodeNpy({ shape: [60, 4], data: rows(60, 0) }));
  writeFileSync(
    at('test.npy'),
    encodeNpy({ shape: [40, 4], data: Float32Array.from([...rows(20, 0), ...rows(20, 3)]) }),
  );
  writeFileSync(
    at('labels.npy'),
    encodeNpy({ shape: [40], data: Uint8Array.from({ length: 40 }, (_, i) => Number(i >= 20)) }),
  );
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

describe('a plugin of one’s own', () => {
  it('works from the template, wherever built-in detectors do', async () => {
    const made = await succeed('new', 'detector', 'my-idea');
    expect(made.stdout).toMatch(/^My idea|my-idea 0\.1\.0 is ready: detector my-idea\.\n$/);
    expect((await succeed('train-detector', '--detector', 'my-idea', '-h')).stdout).toMatch(
      /--detector\.power +Exponent of the deviations \[a number, 1 to 10, default 2\]/,
    );
    await succeed('train-detector', ...recorded, '--detector', 'my-idea', '--dir.full', 'first');
    const { auroc } = (JSON.parse(readFileSync(at('first', 'run.json'), 'utf8')) as { metrics: { auroc: number } })
      .metrics;
    expect(auroc).toBeGreaterThan(0.95);
  });

  it('passes every check', async () => {
    const { stdout, stderr } = await succeed('check-plugin', 'my-idea');
    expect(stdout).toMatch(/^(\d+) of \1 checks pass, in /);
    expect(stderr).not.toContain('FAIL');
    expect(stderr).toContain('pass  my-idea ranks samples alike where activations are 2^14 times as large');
  });

  it('is used as it was saved last, and runs say which content they are of', async () => {
    appendFileSync(at('my-idea', 'detector.ts'), '// Another content, the same idea.\n');
    await succeed('train-detector', ...recorded, '--detector', 'my-idea', '--dir.full', 'second');
    const [first, second] = ['first', 'second'].map(
      (run) =>
        (JSON.parse(readFileSync(at(run, 'spec.json'), 'utf8')) as { spec: { detector: { plugin: string } } }).spec
          .detector.plugin,
    );
    expect(first).toMatch(/^my-idea@0\.1\.0#[0-9a-f]{64}$/);
    expect(second).toMatch(/^my-idea@0\.1\.0#[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
    const [{ hash } = { hash: '' }] = await plugins();
    expect(second).toBe(`my-idea@0.1.0#${hash}`);
    // A content that was allowed stays there for whoever names it.
    await succeed(
      'train-detector',
      ...recorded,
      '--detector',
      'my-idea',
      '--detector.plugin',
      first!,
      '--dir.full',
      'third',
    );
    expect(readFileSync(at('third', 'scores', 'all.npy'))).toEqual(readFileSync(at('first', 'scores', 'all.npy')));
  });

  it('is left out with file and line while it has a fault, and the last sound content is used', async () => {
    const path = at('my-idea', 'detector.ts');
    const sound = readFileSync(path, 'utf8');
    writeFileSync(path, sound.replace('power: number({', 'power: number({{'));
    const { code, stderr } = await start(
      'train-detector',
      ...recorded,
      '--detector',
      'my-idea',
      '--dir.full',
      'fourth',
    );
    expect(stderr).toMatch(
      /Plugin "my-idea": .*\(detector\.ts, line 1\d\).* my-idea 0\.1\.0 \([0-9a-f]{8}\) is used\./,
    );
    expect(code).toBe(0);
    const checked = await start('check-plugin', 'my-idea');
    expect(checked.code).not.toBe(0);
    expect(checked.stderr).toMatch(/> +1\d  +power: number\(\{\{/);
    writeFileSync(path, sound);
  });

  it('does not compute once it is switched off, and its runs stay', async () => {
    await succeed('plugin', 'disable', 'my-idea');
    const { code, stderr } = await start('train-detector', ...recorded, '--detector', 'my-idea', '--dir.full', 'fifth');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--detector must be one of .*; got "my-idea"/);
    const { id } = JSON.parse(readFileSync(at('first', 'run.json'), 'utf8')) as { id: string };
    expect((await succeed('runs', 'show', id)).stdout).toMatch(/my-idea/);
    await succeed('plugin', 'enable', 'my-idea');
    await succeed('train-detector', ...recorded, '--detector', 'my-idea', '--dir.full', 'fifth');
  });
});

describe('a plugin of others', () => {
  it('runs nothing before it was allowed, and asks again when its files change', async () => {
    mkdirSync(at('theirs'));
    writeFileSync(
      at('theirs', 'cupbearer.plugin.json'),
      JSON.stringify({
        id: 'theirs',
        version: '1.0.0',
        language: 'typescript',
        entry: 'detector.ts',
        adds: [{ kind: 'detector', id: 'theirs' }],
      }),
    );
    const marker = at('it-ran');
    const source = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, '');\n`;
    writeFileSync(
      at('theirs', 'detector.ts'),
      source + readFileSync(at('my-idea', 'detector.ts'), 'utf8').replaceAll('my-idea', 'theirs'),
    );
    const asked = await start('plugin', 'add', 'theirs');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/A plugin is a program with your rights/);
    expect(asked.stderr).toMatch(/Content +[0-9a-f]{64}/);
    expect(asked.stderr).toMatch(/There is no terminal to ask at/);
    expect(() => readFileSync(marker)).toThrow();

    const { hash } = (await plugins()).find(({ id }) => id === 'theirs')!;
    const wrong = await start('plugin', 'allow', 'theirs', '--allow', '0'.repeat(64));
    expect(wrong.stderr).toContain(`Its content is ${hash}`);
    expect(() => readFileSync(marker)).toThrow();
    await succeed('plugin', 'allow', 'theirs', '--allow', hash);
    expect(readFileSync(marker, 'utf8')).toBe('');

    appendFileSync(at('theirs', 'detector.ts'), '// Changed.\n');
    rmSync(marker);
    expect((await plugins()).find(({ id }) => id === 'theirs')!.state).toBe('ask');
    await succeed('train-detector', ...recorded, '--detector', 'theirs', '--dir.full', 'theirs-run');
    const { spec } = JSON.parse(readFileSync(at('theirs-run', 'spec.json'), 'utf8')) as {
      spec: { detector: { plugin: string } };
    };
    expect(spec.detector.plugin).toContain(hash);
  });

  it('travels as one zip, the same bytes each time', async () => {
    await succeed('plugin', 'pack', 'my-idea', '--out', 'one.zip');
    await succeed('plugin', 'pack', 'my-idea', '--out', 'two.zip');
    expect(readFileSync(at('one.zip'))).toEqual(readFileSync(at('two.zip')));
    const { hash } = (await plugins()).find(({ id }) => id === 'my-idea')!;
    await succeed('plugin', 'remove', 'my-idea');
    await succeed('plugin', 'add', 'one.zip', '--allow', hash);
    expect((await plugins()).find(({ id }) => id === 'my-idea')).toMatchObject({
      hash,
      state: 'ready',
      isDevelopment: false,
    });
  });

  it.each([
    [
      ['plugin', 'add', 'nowhere'],
      /"nowhere" is neither a folder or zip that is there, nor the address of a Git repository/,
    ],
    [['plugin', 'allow', 'nobody'], /There is no plugin "nobody"/],
    [['plugin', 'ad', 'x'], /Unknown action "ad"\. Did you mean "add"\?/],
    [['plugin', 'add'], /plugin add needs a folder, a zip or the address of a Git repository/],
    [['new', 'detektor', 'x'], /Unknown kind "detektor"\. Did you mean "detector"\?/],
    [['new', 'detector', 'My Idea'], /id must be lower-case words/],
    [['new', 'detector', 'other-id', '--dir.full', 'theirs'], /holds something already; nothing was written/],
    [['check-plugin', 'nowhere'], /is not a plugin: it has no cupbearer\.plugin\.json/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await start(...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
