import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { DetectorDefinition, DetectorParams, Features } from '../../main/detectors/detector.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { pluginDetector } from '../../main/detectors/plugin-detector.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { PluginProcess } from '../../main/plugins/plugin-process.ts';
import { endPluginProcesses } from '../../main/plugins/shared-processes.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { describe } from '../../shared/schema/describe.ts';
import { paramsOf } from '../../shared/schema/fields.ts';
import type { Described } from '../../shared/plugin/description.ts';
import { pluginOf } from '../plugins/plugin-folder.ts';

beforeAll(() => startEngine('wasm'));

const folder = 'main/detectors/methods';
const seed = 3;
/** What runs the network, which stays in the program. */
const runNetwork = /networkOf|fitAbstraction/;

/** The source of a built-in detector as a plugin would have it. */
function copied(file: string): string {
  return readFileSync(`${folder}/${file}`, 'utf8').replaceAll(/from '\.\.\/[^']*'/g, `from 'cupbearer/plugin'`);
}

const layers = [
  { name: 'a', dims: 6 },
  { name: 'b', dims: 3 },
];
const classes = 3;

function drawn(size: number, name: string, shift: number): ActivationBatch {
  const stream = RandomStream.from(7, name);
  const normal = (count: number, by = 0) => Float32Array.from({ length: count }, () => stream.normal() + by);
  return {
    size,
    labels: Int32Array.from({ length: size }, (_, i) => i % classes),
    indices: Int32Array.from({ length: size }, (_, i) => i),
    layers: new Map(layers.map((layer) => [layer.name, normal(size * layer.dims, shift)])),
    logits: normal(size * classes),
    inputs: normal(size * 4),
  };
}

const batches = (name: string, shift: number) => [0, 1, 2, 3].map((i) => drawn(60, `${name}${i}`, shift));
const streamOf = (all: ActivationBatch[]) => ({
  length: all.reduce((sum, { size }) => sum + size, 0),
  async *batches() {
    await Promise.resolve();
    yield* all;
  },
});
const trusted = batches('trusted', 0);
const untrusted = batches('untrusted', 0.2);
const test1 = drawn(50, 'test', 0.5);
const features: Features = {
  layers,
  trusted: streamOf(trusted),
  untrusted: { ...streamOf(untrusted), anomalous: Uint8Array.from({ length: 240 }, (_, i) => (i % 5 === 0 ? 1 : 0)) },
};

async function scoresOf(definition: DetectorDefinition): Promise<Record<string, number[]>> {
  // Only the classes of the toy data are there.
  const params = paramsOf(definition).parse({}) as DetectorParams;
  const context = { stream: RandomStream.from(seed, 'detector', definition.id), seed, inputShape: [4] };
  const state = await definition.fit(features, params, context);
  const scores = await definition.score(state, test1, context);
  return Object.fromEntries([...scores].map(([layer, values]) => [layer, Array.from(values)]));
}

test('detectors of the program score alike, bit for bit, as copies in a plugin', async () => {
  const files = readdirSync(folder);
  const ids: string[] = [];
  const sources: Record<string, string> = {};
  for (const file of files) {
    const source = copied(file);
    const id = /\n {2}id: '([^']+)'/.exec(source)![1]!;
    const { needs, params } = detectorRegistry.get(id);
    const picksOptimizer = describe(params).some(({ registry }) => registry?.kind === 'optimizer');
    if (needs.gradients || picksOptimizer || runNetwork.test(source)) continue;
    sources[file] = source;
    ids.push(id);
  }
  const names = Object.entries(sources).map(([file, source]) => [
    file,
    /\nexport const (\w+) = define/.exec(source)![1]!,
  ]);
  const entry = `${names.map(([file, name]) => `import { ${name} } from './${file}';`).join('\n')}
export default [${names.map(([, name]) => name).join(', ')}];`;
  const launch = pluginOf({ 'index.ts': entry, ...sources });

  const plugin = await PluginProcess.start(launch);
  const described = (await plugin.describe()) as Described<'detector'>[];
  await plugin.close();
  expect(described.map(({ id }) => id)).toEqual(ids);
  expect(ids.length).toBeGreaterThan(12);

  try {
    for (const definition of described) {
      const own = detectorRegistry.get(definition.id);
      const copy = pluginDetector(definition, own.params.shape, launch.version, () => launch);
      expect(await scoresOf(copy), definition.id).toEqual(await scoresOf(own));
    }
  } finally {
    await endPluginProcesses();
  }
});
