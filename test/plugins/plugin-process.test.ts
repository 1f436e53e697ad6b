import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PluginLaunch } from '../../main/plugins/plugin-launch.ts';
import { PluginProcess, type PluginOptions, type PluginState } from '../../main/plugins/plugin-process.ts';
import type { PluginManifest } from '../../shared/plugin/manifest.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { pluginOf } from './plugin-folder.ts';
import { batchOf, distanceToMean, toyStream } from './toy-detector.ts';

async function started(launch: PluginLaunch, options: PluginOptions = {}): Promise<PluginProcess> {
  const plugin = await PluginProcess.start(launch, options);
  onTestFinished(() => plugin.close());
  return plugin;
}

/** A detector whose `fit` and `score` are these bodies. */
function detector({
  fit = 'return { tensors: {}, values: {} };',
  score = 'return new Map([["l", new Float64Array(batch.size)]]);',
  top = '',
}): string {
  return `import { defineDetector } from 'cupbearer/plugin';
import { writeSync } from 'node:fs';
${top}
export default defineDetector({
  id: 'my-idea', title: 'My idea', summary: 'For a test', needs: { trusted: true }, params: {},
  async fit({ trusted }, params, { signal, stream }) { ${fit} },
  score(state, batch) { ${score} },
});`;
}

const layers = [{ name: 'l', dims: 2 }];
const fitting = (plugin: PluginProcess, stream = toyStream(40, 2)) =>
  plugin.fit('my-idea', {}, { layers, trusted: stream }, 1);

/** Runs a plugin until it has failed, and returns the error. */
async function failureOf(
  source: string,
  {
    manifest = {},
    options = {},
    scores = false,
  }: { manifest?: Partial<PluginManifest>; options?: PluginOptions; scores?: boolean } = {},
): Promise<CupbearerError> {
  const plugin = await started(pluginOf({ 'detector.ts': source }, manifest), options);
  const work = async () => {
    const state = await fitting(plugin);
    if (!scores) return;
    await plugin.load('my-idea', {}, state, 1);
    await plugin.score(batchOf(Float32Array.of(1, 2, 3, 4), 2));
  };
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CupbearerError);
  return error as CupbearerError;
}

test('a detector is described, learns, and scores by what it has learned', async () => {
  const plugin = await started(pluginOf({ 'detector.ts': distanceToMean }));
  expect(await plugin.describe()).toEqual([
    {
      kind: 'detector',
      id: 'my-idea',
      title: 'My idea',
      summary: 'Distance to the trusted mean',
      needs: { trusted: true },
      fields: [
        { key: 'power', type: 'number', label: 'Power', help: 'Of each difference', default: 2, min: 0, max: 10 },
      ],
    },
  ]);
  const x = Float32Array.of(0, 0, 2, 4);
  const trusted = {
    length: 2,
    batches: async function* () {
      await Promise.resolve();
      yield batchOf(x, 2);
    },
  };
  const state = await plugin.fit('my-idea', { power: 1 }, { layers, trusted }, 0);
  expect(state).toEqual({ tensors: { 'l/mean': { shape: [2], data: Float64Array.of(1, 2) } }, values: { power: 1 } });
  await plugin.load('my-idea', { power: 1 }, state, 0);
  expect(await plugin.score(batchOf(Float32Array.of(1, 2, 0, 0), 2))).toEqual(new Map([['l', Float64Array.of(0, 3)]]));
});

test('another process scores alike with the state of the first', async () => {
  const launch = pluginOf({ 'detector.ts': distanceToMean });
  const score = async (state?: PluginState) => {
    const plugin = await started(launch);
    const own = state ?? (await plugin.fit('my-idea', {}, { layers, trusted: toyStream(100, 2) }, 0));
    await plugin.load('my-idea', {}, own, 0);
    return { state: own, scores: await plugin.score(batchOf(Float32Array.of(1, 2, 3, 4), 2)) };
  };
  const first = await score();
  expect((await score(first.state)).scores).toEqual(first.scores);
});

test('a plugin may pass over data as often as it likes, and leave in the middle', async () => {
  const source = detector({
    fit: `let first = 0, all = 0;
      for await (const batch of trusted.batches()) { first = batch.layers.get('l')[0]; break; }
      for (const pass of [1, 2]) for await (const batch of trusted.batches()) all += batch.indices.reduce((a, b) => a + b, 0);
      return { tensors: {}, values: { first, all } };`,
  });
  const plugin = await started(pluginOf({ 'detector.ts': source }));
  expect((await fitting(plugin)).values).toEqual({ first: 0, all: 2 * ((40 * 39) / 2) });
});

test('two batches can be held while a third is on its way', async () => {
  const source = detector({
    fit: `const held = [];
      for await (const batch of trusted.batches()) held.push(batch);
      return { tensors: {}, values: { places: held.map(({ indices }) => indices[0]).join() } };`,
  });
  const plugin = await started(pluginOf({ 'detector.ts': source }));
  expect((await fitting(plugin)).values).toEqual({ places: '0,10,20,30' });
});

test('what a plugin prints is logged and does no harm', async () => {
  const lines: string[] = [];
  const source = detector({ top: `console.log('{"not": "a frame"}'); console.error('to the other one');` });
  const plugin = await started(pluginOf({ 'detector.ts': source }), { log: (line) => lines.push(line) });
  await fitting(plugin);
  await plugin.close();
  expect(lines.sort()).toEqual(['to the other one', '{"not": "a frame"}']);
});

test('the exchange folder goes with the process', async () => {
  const source = detector({
    top: `import { readlinkSync } from 'node:fs';`,
    fit: `return { tensors: { x: { shape: [1], data: new Float32Array(1) } }, values: {} };`,
  });
  const plugin = await started(pluginOf({ 'detector.ts': source }));
  await fitting(plugin);
  const { exchangeFolder } = plugin;
  expect(existsSync(exchangeFolder)).toBe(true);
  await plugin.close();
  expect(existsSync(exchangeFolder)).toBe(false);
});

test('an exception names the author’s file and line', async () => {
  const launch = pluginOf({ 'detector.ts': detector({ fit: `\n  throw new Error('no idea');` }) });
  const plugin = await started(launch);
  const error = (await fitting(plugin).catch((thrown: unknown) => thrown)) as CupbearerError;
  expect(error.code).toBe('plugin');
  expect(error.message).toBe('The plugin "my-idea" failed (detector.ts:7): no idea.');
  expect(error.details).toMatchObject({ plugin: 'my-idea', file: join(launch.folder, 'detector.ts'), line: 7 });
  expect(error.details?.['traceback']).toContain(launch.folder);
  // It failed, and can be asked again.
  expect(plugin.hasFailed).toBe(false);
});

test.each([
  ['a syntax error', 'const a = 1;\nconst b = = 2;', /\(detector\.ts:2\)/],
  [
    'an enum',
    'const a = 1;\n\nenum B { C }',
    /\(detector\.ts:3\): TypeScript enum is not supported: plugins run with their types stripped/,
  ],
  [
    'a wrong export of the program',
    `import { nothing } from 'cupbearer/plugin';`,
    /\(detector\.ts:1\).*no.*export named 'nothing'|\(detector\.ts:1\)/,
  ],
  ['a file that is not there', `\nimport './other.ts';`, /\(detector\.ts:2\): Cannot find module/],
  [
    'no export',
    'export const a = 1;',
    /default: expected a definition or a list of them as the default export, found none/,
  ],
  ['an export of something else', 'export default [{ id: 3 }];', /default\.0: expected what defineDetector/],
])('%s is refused with its place', async (_, source, message) => {
  const plugin = await started(pluginOf({ 'detector.ts': source }));
  await expect(plugin.describe()).rejects.toThrow(message);
});

test('a missing package comes with the command that installs it', async () => {
  const launch = pluginOf({ 'detector.ts': `import x from '@scope/some-package/part';` });
  const plugin = await started(launch);
  const error = (await plugin.describe().catch((thrown: unknown) => thrown)) as CupbearerError;
  expect(error.message).toContain('(detector.ts:1): The package "@scope/some-package" is not installed');
  expect(error.hint).toContain(`npm install --prefix ${launch.folder} @scope/some-package`);
});

test('gradients and parameters that cannot be described are refused with their place', async () => {
  const plugin = async (needs: string, params: string) =>
    (
      await started(
        pluginOf({
          'detector.ts': `import { defineDetector, z } from 'cupbearer/plugin';
            export default defineDetector({ id: 'my-idea', title: 'T', summary: 'S', needs: ${needs}, params: ${params}, fit() {}, score() {} });`,
        }),
      )
    ).describe();
  await expect(plugin('{ gradients: true }', '{}')).rejects.toThrow('my-idea.needs.gradients: a detector of a plugin');
  await expect(plugin('{}', '{ when: z.date() }')).rejects.toThrow('my-idea.params.when: ');
  await expect(plugin('{}', `{ 'si-ze': z.number().meta({ label: 'S', help: '' }) }`)).rejects.toThrow(
    'my-idea.params.si-ze.key: ',
  );
});

test('an endless loop ends within a second of being cancelled', async () => {
  const controller = new AbortController();
  const source = detector({ fit: `console.log('begun'); for (;;);` });
  const begun = Promise.withResolvers<void>();
  const plugin = await started(pluginOf({ 'detector.ts': source }), {
    signal: controller.signal,
    log: () => begun.resolve(),
  });
  const fit = fitting(plugin);
  fit.catch(() => undefined);
  await begun.promise;
  controller.abort();
  await expect(fit).rejects.toMatchObject({ code: 'cancelled' });
  expect(plugin.hasFailed).toBe(true);
});

test('a plugin that hears of the cancelling stays', async () => {
  const controller = new AbortController();
  const source = detector({ fit: `console.log('begun'); await new Promise(() => setInterval(() => 0, 1000));` });
  const begun = Promise.withResolvers<void>();
  const plugin = await started(pluginOf({ 'detector.ts': source }), {
    signal: controller.signal,
    log: () => begun.resolve(),
  });
  const fit = fitting(plugin);
  fit.catch(() => undefined);
  await begun.promise;
  controller.abort();
  await expect(fit).rejects.toMatchObject({ code: 'cancelled' });
  expect(plugin.hasFailed).toBe(false);
});

test('data that cannot be read fail the run with their own reason', async () => {
  const source = detector({ fit: `for await (const batch of trusted.batches()); return { tensors: {}, values: {} };` });
  const plugin = await started(pluginOf({ 'detector.ts': source }));
  const broken = {
    length: 20,
    batches: async function* () {
      yield* toyStream(10, 2).batches();
      throw new CupbearerError('bad-data', 'The file has changed.');
    },
  };
  await expect(fitting(plugin, broken)).rejects.toThrow('The file has changed.');
  expect(plugin.hasFailed).toBe(false);
});

test('silence has an end', async () => {
  const error = await failureOf(detector({ fit: 'for (;;);' }), { options: { limits: { silentMs: 300 } } });
  expect(error.message).toContain('did nothing that the program could see');
});

test('a process that leaves takes the run with it, and says its last words', async () => {
  const error = await failureOf(detector({ fit: `console.error('so long'); process.exit(3);` }));
  expect(error.message).toBe('The plugin "my-idea" ended with exit code 3 before it had answered:\nso long');
  const killed = await failureOf(detector({ fit: `process.kill(process.pid, 'SIGKILL'); for (;;);` }));
  expect(killed.message).toContain('ended by the signal SIGKILL');
});

test('too much memory ends it', async () => {
  const error = await failureOf(
    detector({
      fit: `const held = []; for (;;) { held.push(new Uint8Array(2 ** 24).fill(1)); await new Promise((r) => setTimeout(r, 5)); }`,
    }),
    { options: { limits: { memoryBytes: 3e8 } } },
  );
  expect(error.message).toMatch(/took 0\.\d GiB of memory, more than the 0\.3 GiB/);
});

test('a flood of output ends it', async () => {
  const error = await failureOf(detector({ fit: `for (;;) console.log('x'.repeat(100_000));` }));
  expect(error.message).toContain('printed more than 10 MB and was ended');
});

test.each([
  ['too few', `return new Map([['l', new Float64Array(batch.size - 1)]]);`, 'scores of shape [1] at l for 2 samples'],
  ['none', 'return new Map();', 'gave no scores'],
  ['NaN', `return new Map([['l', new Float64Array(batch.size).fill(NaN)]]);`, 'gave the score NaN to sample 0 at l'],
  ['no Map', 'return 3;', 'expected score to return a Map'],
])('scores that are wrong are refused: %s', async (_, score, message) => {
  expect((await failureOf(detector({ score }), { scores: true })).message).toContain(message);
});

const framed = (bytes: string) =>
  `const text = Buffer.from(${bytes}); const head = Buffer.alloc(4); head.writeUInt32LE(text.length); writeSync(4, Buffer.concat([head, text])); await new Promise(() => setInterval(() => 0, 1000));`;

test.each([
  [
    'text without a frame',
    `writeSync(4, 'hello, world'); await new Promise(() => setInterval(() => 0, 1000));`,
    'did not keep to the protocol',
  ],
  ['no JSON', framed(`'{'`), 'did not keep to the protocol'],
  ['an unknown message', framed(`'{"say":"hi"}'`), 'a message that is not in the protocol'],
  ['an answer to another question', framed(`'{"id":77,"loaded":true}'`), 'answered what it was not asked'],
  ['an answer of another kind', framed(`'{"id":2,"loaded":true}'`), 'answered with id, loaded, expected state'],
  [
    'a call for data that it has not',
    framed(`'{"call":"batch","of":2,"stream":"untrusted","restart":true}'`),
    'asked for the untrusted samples',
  ],
  [
    'an array that is not there',
    framed(`'{"id":2,"state":{"tensors":{"x":{"file":"none","at":0,"type":"uint8","shape":[1]}},"values":{}}}'`),
    'the file could not be opened',
  ],
])('a frame that should not be ends it: %s', async (_, fit, message) => {
  expect((await failureOf(detector({ fit }))).message).toContain(message);
});
