import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition, Registry } from '../../shared/definition.ts';
import { describe as fieldsOf } from '../../shared/schema/describe.ts';
import { paramsOf, parseParams } from '../../shared/schema/fields.ts';
import { datasetRegistry } from '../../main/data/datasets/index.ts';
import { datasetFacts } from '../../main/data/datasets/load.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { triggerRegistry } from '../../main/data/triggers/index.ts';
import { architectureRegistry } from '../../main/models/architectures/index.ts';
import { Network } from '../../main/models/network.ts';
import { optimizerRegistry } from '../../main/models/optimizers/index.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';

beforeAll(() => startEngine(engineUnderTest));

/** What a definition cannot do without: a value for each required parameter. */
const required: Record<string, unknown> = {
  run_path: '/a/run',
  folder: '/a/folder',
  trusted_data: 'glyphs',
  clean_test_data: 'glyphs',
  anomalous_test_data: 'glyphs',
  trusted: '/a/folder',
  test: '/a/folder',
};

const registries = [
  taskRegistry,
  datasetRegistry,
  triggerRegistry,
  architectureRegistry,
  optimizerRegistry,
] as readonly Registry<Definition>[];
const definitions = registries.flatMap((registry) =>
  registry.definitions.map((definition) => [registry.kind, definition.id, definition] as const),
);

describe('every definition', () => {
  it.each([
    ...definitions,
    ...detectorRegistry.definitions.map((definition) => ['detector', definition.id, definition] as const),
  ])('%s %s writes large numbers as the program does, with thin spaces', (_kind, _id, definition) => {
    const { title, summary, details, params } = definition;
    const texts = [title, summary, details, ...fieldsOf(params).flatMap(({ label, help }) => [label, help])].join('\n');
    expect(texts.match(/\d,\d{3}(?!\d)/g)).toBeNull();
  });

  it.each(definitions)('%s %s has defaults that are valid and round-trip through JSON', (_kind, _id, definition) => {
    const schema = paramsOf(definition);
    const needed = Object.fromEntries(
      fieldsOf(schema)
        .filter((field) => field.required)
        .map(({ key }) => [key, required[key]]),
    );
    const parsed = parseParams(schema, needed);
    expect(parseParams(schema, JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it.each(definitions)('%s %s says what it is, parameter by parameter', (_kind, id, definition) => {
    expect(id).toMatch(/^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/);
    expect(definition.title).not.toBe('');
    expect(definition.summary).not.toMatch(/\.$|\n/);
    expect(definition.source).toMatch(/\S/);
    for (const { key, label, help } of fieldsOf(paramsOf(definition))) {
      expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(label, `${id}.${key}`).not.toBe('');
      expect(help, `${id}.${key}`).not.toBe('');
    }
  });
});

describe('every architecture', () => {
  /** Small versions, and the data they are for. */
  const small: Record<string, Record<string, unknown>> = {
    mlp: { hidden_dims: [4] },
    cnn: { channels: [2], dense_dims: [3] },
    transformer: { width: 4, blocks: 1, heads: 2 },
  };

  it.each(architectureRegistry.ids)('%s runs, names its activations, and is the same after a reload', async (name) => {
    const isText = name === 'transformer';
    const definition = architectureRegistry.get(name);
    const params = parseParams(paramsOf(definition), small[name] ?? { width: 2 });
    const spec = {
      architecture: { name, ...params },
      inputShape: isText ? [6] : [16, 16, 3],
      classes: ['a', 'b', 'c'],
      ...(isText ? { vocabulary: 9 } : {}),
    };
    const network = new Network(spec, 1);
    const x = isText
      ? tf.tensor2d([[0, 1, 2, 3, 4, 8]])
      : tf.tensor(
          Float32Array.from({ length: 768 }, (_, i) => (i % 7) / 7),
          [1, 16, 16, 3],
        );
    const logits = network.forward(x).dataSync();
    expect(logits.length).toBe(3);
    expect(logits.every(Number.isFinite)).toBe(true);
    const seen = network.activations(x, network.activationNames);
    for (const activation of network.activationNames) {
      expect(seen[activation]!.shape, activation).toEqual([1, ...network.activationShape(activation)]);
    }
    for (const activation of network.defaultActivations) expect(network.activationNames).toContain(activation);
    const reloaded = new Network(spec, 2);
    expect(reloaded.forward(x).dataSync()).not.toEqual(logits);
    reloaded.load(await network.state(), 'a test');
    expect(reloaded.forward(x).dataSync()).toEqual(logits);
    const before = tf.memory().numTensors;
    reloaded.dispose();
    expect(tf.memory().numTensors).toBe(before - Object.keys(await network.state()).length);
    network.dispose();
  });
});

describe('every dataset that needs no files', () => {
  const names = datasetRegistry.definitions.flatMap(({ id, builtIn }) => (builtIn ? [id] : []));

  it.each(names)('%s depends on neither batch nor order, and says how many samples it has', async (name) => {
    const definition = datasetRegistry.get(name);
    const load = (train: boolean) =>
      definition.load(parseParams(paramsOf(definition), { train }) as never, { dataDir: '/nowhere', seed: 3 });
    const [train, test] = [await load(true), await load(false)];
    expect({ train: train.length, test: test.length }).toEqual(definition.builtIn);
    expect(train.fingerprint).not.toBe(test.fingerprint);
    const { shape, classes, vocabulary } = train;
    const counts = { train: train.length, test: test.length };
    expect(datasetFacts({ name }, '/nowhere')).toEqual({
      shape,
      classes,
      counts,
      ...(vocabulary ? { vocabulary } : {}),
    });
    const size = train.shape.reduce((product, side) => product * side, 1);
    const together = train.read([5, 0, 5], 2);
    const alone = train.read([5], 2);
    expect(together.inputs.subarray(0, size)).toEqual(alone.inputs);
    expect(together.inputs.subarray(2 * size)).toEqual(alone.inputs);
    expect(together.labels[0]).toBe(alone.labels[0]);
    expect([...together.labels].every((label) => label >= 0 && label < train.classes.length)).toBe(true);
    expect(() => train.read([train.length], 0)).toThrow('sample index');
    if (train.vocabulary) {
      const isToken = (value: number) => Number.isInteger(value) && value >= 0 && value < train.vocabulary!.length;
      expect(together.inputs.every(isToken)).toBe(true);
    }
  });
});
