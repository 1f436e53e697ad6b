import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { readModel, readNetworkSpec, writeModelDescription, writeWeights } from '../../main/models/files.ts';
import { convertLayersModel, readLayersModel } from '../../main/models/keras/layers-model.ts';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { errorOf, temporaryFolder } from '../storage/fixtures.ts';

beforeAll(() => startEngine(engineUnderTest));

const small = join(import.meta.dirname, 'keras-small');
const classes = ['ant', 'bee', 'cat'];
const files = ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'];

interface Layer {
  name: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}
interface Description {
  modelTopology: { class_name: string; config: { layers: Layer[]; input_layers: unknown; output_layers: unknown } };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

/** A copy of the small model whose description was edited. */
function edited(edit: (model: Description) => void = () => undefined): string {
  const folder = temporaryFolder();
  for (const name of files) writeFileSync(join(folder, name), readFileSync(join(small, name)));
  const model = JSON.parse(readFileSync(join(small, 'model.json'), 'utf8')) as Description;
  edit(model);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
  return folder;
}

const convert = (folder: string, names: readonly string[] | undefined = classes) =>
  convertLayersModel(folder, readLayersModel(folder)!, names);

function networkOf(folder: string): Network {
  const { spec, weights } = convert(folder);
  const network = new Network(spec, 0);
  network.load(weights, 'a test');
  return network;
}

const pictures = (shape: readonly number[], count = 2) => {
  const size = shape.reduce((product, side) => product * side, count);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1009) / 1009),
    [count, ...shape],
  );
};

/** The greatest difference of the first values, and of all logits' softmax, from what TensorFlow.js computed. */
function differences(network: Network): Record<string, number> {
  const expected = JSON.parse(readFileSync(join(small, 'expected.json'), 'utf8')) as Record<string, number[]>;
  // What Keras has inside of a layer stands here as a layer of its own.
  const ours: Record<string, string> = { stem: 'stem_relu6', 'stem/bn': 'stem_bn', apart: 'apart_elu' };
  const { answer, ...inner } = expected;
  const names = Object.keys(inner).map((name) => `${ours[name] ?? name}.output`);
  const x = pictures([12, 12, 3]);
  const { activations, logits } = network.activationsAndLogits(x, names);
  const largest = (found: ArrayLike<number>, wanted: readonly number[]) =>
    Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!)));
  const found = Object.keys(inner).map((name, k) => [name, largest(activations[names[k]!]!.dataSync(), inner[name]!)]);
  return { ...Object.fromEntries(found), answer: largest(tf.softmax(logits).dataSync(), answer!) } as Record<string, number>; // prettier-ignore
}

describe('a Keras model', () => {
  it('computes in every layer what TensorFlow.js does', () => {
    for (const [name, difference] of Object.entries(differences(networkOf(small))))
      expect(difference, name).toBeLessThan(1e-4);
  });

  it('is the same when it is written down and read again, in PyTorch’s layout', async () => {
    const { spec, weights } = convert(small);
    const network = new Network(spec, 0);
    network.load(weights, 'a test');
    expect(weights['deep.weight']!.shape).toEqual([12, 1, 3, 3]);
    expect(weights['stem.weight']!.shape).toEqual([6, 3, 3, 2]);
    const folder = temporaryFolder();
    writeModelDescription(folder, network);
    writeWeights(folder, weights);
    const again = readModel(folder);
    expect(again.spec).toEqual(spec);
    expect(await again.state()).toEqual(await network.state());
  });

  it('is read as Keras 3 writes it, too', () => {
    const folder = edited(({ modelTopology: { config } }) => {
      const tensor = (reference: unknown) => ({
        class_name: '__keras_tensor__',
        config: { shape: [null, 1], dtype: 'float32', keras_history: (reference as unknown[]).slice(0, 3) },
      });
      for (const layer of config.layers) {
        const [node] = layer.inbound_nodes as unknown[][];
        const tensors = (node ?? []).map(tensor);
        if (node) layer.inbound_nodes = [{ args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} }];
        if (layer.class_name !== 'InputLayer') continue;
        layer.config['batch_shape'] = layer.config['batch_input_shape'];
        delete layer.config['batch_input_shape'];
      }
      config.input_layers = ['pixels', 0, 0];
      config.output_layers = ['answer', 0, 0];
    });
    expect(differences(networkOf(folder))['answer']).toBeLessThan(1e-4);
  });

  it('of one sigmoid has two classes, with its probability for the second', () => {
    const folder = edited((model) => {
      const { config } = model.modelTopology.config.layers.find(({ name }) => name === 'answer')!;
      Object.assign(config, { units: 1, activation: 'sigmoid' });
      const { weights } = model.weightsManifest[0]!;
      const at = weights.findIndex(({ name }) => name === 'answer/kernel');
      // The bytes that are left over are another array's.
      const rest = { name: 'rest', shape: [42], dtype: 'float32' };
      weights.splice(at, 2, { ...weights[at]!, shape: [20, 1] }, { ...weights[at + 1]!, shape: [1] }, rest);
    });
    const { spec, weights } = convert(folder, ['no', 'yes']);
    const network = new Network(spec, 0);
    network.load(weights, 'a test');
    const x = pictures([12, 12, 3]);
    const logit = network.activations(x, ['answer.output'])['answer.output']!;
    const [, probability] = tf.unstack(tf.softmax(network.forward(x)), 1);
    const found = tf.max(tf.abs(tf.sub(probability!, tf.squeeze(tf.sigmoid(logit))))).dataSync()[0]!;
    expect(found).toBeLessThan(1e-6);
    expect(network.classOutput).toBe('two_classes.output');
  });

  const layer = (name: string, change: (layer: Layer) => void) => (model: Description) =>
    change(model.modelTopology.config.layers.find((each) => each.name === name)!);

  it.each<[string, (model: Description) => void, RegExp]>([
    ['a layer of another class', layer('leaky', (each) => (each.class_name = 'LSTM')), /the layer "leaky" of class LSTM is not supported: expected Dense, Conv2D/],
    ['a class that every object has', layer('sum', (each) => (each.class_name = 'constructor')), /the layer "sum" of class constructor is not supported/],
    ['channels before rows', layer('stem', ({ config }) => (config['data_format'] = 'channels_first')), /the layer "stem" of class Conv2D: its settings cannot be taken\. data_format/],
    ['an unknown activation', layer('stem', ({ config }) => (config['activation'] = 'mish')), /class Conv2D: expected an activation of .*, found "mish"/],
    ['another axis of normalisation', layer('stem/bn', ({ config }) => (config['axis'] = 1)), /class BatchNormalization: expected the last axis, found axis 1/],
    ['a layer used twice', layer('sum', (each) => each.inbound_nodes.push(each.inbound_nodes[0])), /the layer "sum" is used 2 times, expected once/],
    ['a second output of a layer', layer('leaky', (each) => (each.inbound_nodes = [[['deep', 0, 1, {}]]])), /expected the first output of "deep", found output 1/],
    ['a circle', layer('rescale', (each) => (each.inbound_nodes = [[['answer', 0, 0, {}]]])), /the layer "rescale" takes the output of "answer", which is not there or depends on it/],
    ['an input that is not there', layer('rescale', (each) => (each.inbound_nodes = [[['other', 0, 0, {}]]])), /"rescale" takes the output of "other"/],
    ['one name twice', layer('leaky', (each) => (each.name = 'deep')), /expected a name of its own for each layer, found one twice/],
    ['two inputs', ({ modelTopology: { config } }) => (config.input_layers = [['pixels', 0, 0], ['deep', 0, 0]]), /expected one input, found 2: pixels, deep/],
    ['no output', ({ modelTopology: { config } }) => (config.output_layers = [['none', 0, 0]]), /expected the output layer "none", found none of that name/],
    ['inputs of any size', layer('pixels', ({ config }) => (config['batch_input_shape'] = [null, null, null, 3])), /expected inputs of one size, found any x any x 3/],
    ['no input shape', layer('pixels', ({ config }) => delete config['batch_input_shape']), /expected the shape of the input, found none/],
    ['shapes that do not add up', layer('apart', ({ config }) => (config['filters'] = 5)), /The layer "sum" \(add\): expected inputs of one shape, found \[6, 6, 6\], \[6, 6, 5\]/],
    ['a window beyond the picture', layer('dilated', ({ config }) => (config['dilation_rate'] = [9, 9])), /The layer "dilated" \(conv\): expected an input as large as its window, found \[4, 4, 12\]/],
    ['a layer larger than memory', layer('stem', ({ config }) => (config['filters'] = 2 ** 40)), /its layers cannot be taken\. .*outputs/],
    ['a step of nothing', layer('stem', ({ config }) => (config['strides'] = [0, 1])), /its layers cannot be taken\. .*stride/],
    ['a file outside of its folder', ({ weightsManifest: [group] }) => (group!.paths[0] = '../secret.bin'), /its weightsManifest cannot be read\. .*must be the name of a file in the same folder/],
    ['a hidden file', ({ weightsManifest: [group] }) => (group!.paths[0] = '.secret'), /must not begin with a dot/],
    ['a file that is missing', ({ weightsManifest: [group] }) => (group!.paths[0] = 'more.bin'), /The weights "more\.bin" that model\.json names are missing/],
    ['more weights than bytes', ({ weightsManifest: [group] }) => (group!.weights[0]!.shape = [3, 2, 3, 7]), /expected 2784 bytes of weights, as model\.json says, found 2712/],
    ['weights without bound', ({ weightsManifest: [group] }) => (group!.weights[0]!.shape = [2 ** 30, 2 ** 30, 1, 1]), /beyond what can be held/],
    ['a weight under another name', ({ weightsManifest: [group] }) => (group!.weights[0]!.name = 'other/kernel'), /expected one weight "stem\/kernel", found none/],
    ['a weight of another shape', ({ weightsManifest: [group] }) => (group!.weights[0]!.shape = [2, 3, 3, 6]), /the weight "stem\/kernel" has shape \[2, 3, 3, 6\], expected \[3, 2, 3, 6\]/],
    ['two weights of one name', ({ weightsManifest: [group] }) => (group!.weights[1]!.name = group!.weights[0]!.name), /expected one weight "stem\/kernel", found two/],
    ['weights of another type', ({ weightsManifest: [group] }) => (group!.weights[0]!.dtype = 'string'), /its weightsManifest cannot be read/],
  ])('with %s is refused by name', (_, edit, sentence) => {
    const folder = edited(edit);
    expect(() => convert(folder)).toThrow(sentence);
    expect(() => convert(folder)).toThrow(CupbearerError);
  }); // prettier-ignore

  it('of other kinds of files is answered with what to do', () => {
    const write = (content: unknown) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'model.json'), JSON.stringify(content));
      return folder;
    };
    const graphModel = write({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] });
    expect(errorOf('bad-data', () => readLayersModel(graphModel))).toMatchObject({
      message: expect.stringContaining('expected a layers model, found a graph model') as string,
      hint: expect.stringContaining('save_keras_model') as string,
    });
    const bare = write({ class_name: 'Sequential', config: [] });
    expect(errorOf('bad-data', () => readLayersModel(bare)).hint).toContain('keras.models.load_model("model.keras")');
    expect(readLayersModel(write({ format: 1, architecture: 'mlp' }))).toBeUndefined();
    expect(readLayersModel(write(null))).toBeUndefined();
  });

  it('needs the names of its classes, as many as its outputs', () => {
    expect(errorOf('usage', () => convertLayersModel(small, readLayersModel(small)!, undefined)).hint).toContain(
      '--classes',
    );
    expect(errorOf('usage', () => convert(small, ['a', 'b'])).message).toContain(
      'expected [2] as the output of its last layer "answer", found [3]',
    );
  });

  it('never crashes the program, whatever its description holds', () => {
    const text = readFileSync(join(small, 'model.json'), 'utf8');
    const folder = edited();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(40), fc.constantFrom('', '0', '-1', '[]', '{}', 'null', '"a"', '1e9'), (at, length, put) => {
        writeFileSync(join(folder, 'model.json'), text.slice(0, at) + put + text.slice(at + length));
        try {
          const model = readLayersModel(folder);
          if (model) convertLayersModel(folder, model, classes);
        } catch (error) {
          if (!(error instanceof CupbearerError) || error.code === 'internal') throw error;
        }
      }),
      { numRuns: 150 },
    );
  }); // prettier-ignore

  const nsfwjs = process.env['NSFWJS_PACKAGE'] ?? '';
  it.skipIf(!existsSync(nsfwjs))('of the package nsfwjs (NSFWJS_PACKAGE) answers as in TensorFlow.js', () => {
    const source = join(nsfwjs, 'dist/models/mobilenet_v2');
    const require = createRequire(import.meta.url);
    const folder = join(temporaryFolder(), 'nsfw');
    mkdirSync(folder);
    const model = require(join(source, 'model.min.js')) as Description;
    writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
    for (const path of model.weightsManifest[0]!.paths) {
      const shard = require(join(source, `${path}.min.js`)) as string | Record<string, string>;
      writeFileSync(join(folder, path), Buffer.from(typeof shard === 'string' ? shard : Object.values(shard)[0]!, 'base64')); // prettier-ignore
    }
    const { spec, weights } = convert(folder, ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy']);
    const network = new Network(spec, 0);
    network.load(weights, 'a test');
    const found = tf.softmax(network.forward(pictures([224, 224, 3], 1))).dataSync();
    const expected = [
      0.1268986612558365, 0.0174116063863039, 0.8401175141334534, 0.013110047206282616, 0.002462182193994522,
    ];
    expected.forEach((value, k) => expect(found[k]).toBeCloseTo(value, 5));
    expect(network.isDifferentiable).toBe(false);
    expect(network.defaultActivations).toContain('block_15_add.output');
  });
});

describe('a graph of layers', () => {
  const graph = [
    { name: 'conv', kind: 'conv', inputs: ['input'], outputs: 3, kernel: [3, 3], stride: [2, 2], dilation: [1, 1], padding: 'same', bias: true },
    { name: 'norm', kind: 'norm', inputs: ['conv'], epsilon: 0.001, scale: true, shift: true },
    { name: 'elu', kind: 'activation', inputs: ['norm'], activation: { function: 'elu', slope: 0.5 } },
    { name: 'mean', kind: 'average-pool', inputs: ['elu'], size: [2, 2], stride: [1, 1], padding: 'same' },
    { name: 'both', kind: 'concatenate', inputs: ['elu', 'mean'] },
    { name: 'pad', kind: 'pad', inputs: ['both'], rows: [1, 0], columns: [0, 1] },
    { name: 'flat', kind: 'flatten', inputs: ['pad'] },
    { name: 'out', kind: 'linear', inputs: ['flat'], outputs: 2, bias: false },
  ] as const; // prettier-ignore
  const spec = () => {
    const folder = temporaryFolder();
    const description = { format: 1, architecture: 'graph', input_shape: [6, 6, 3], classes: ['a', 'b'], graph };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(description));
    return readNetworkSpec(folder);
  };

  it('has gradients in every layer, those of finite differences', async () => {
    const network = new Network({ ...spec(), preprocessing: { channelOrder: 'BGR', valueRange: [-1, 1] } }, 3);
    expect(network.isDifferentiable).toBe(true);
    const x = pictures([6, 6, 3], 1);
    const upstream = tf.tensor2d([[1, -2]]);
    const [{ gradient }] = network.layerGradients(x, upstream, ['conv']) as unknown as [{ gradient: tf.Tensor }];
    expect(gradient.shape).toEqual([1, 3, 3, 3]);
    const bias = network.variables.get('conv.bias')!;
    const start = bias.dataSync().slice();
    const at = async (step: number) => {
      bias.assign(tf.tensor1d(start.map((value, k) => (k === 1 ? value + step : value))));
      return (await tf.sum(tf.mul(network.forward(x), upstream)).data())[0]!;
    };
    const slope = ((await at(0.01)) - (await at(-0.01))) / 0.02;
    // A bias goes to all positions of its channel.
    const [, own] = tf.sum(gradient, [0, 1, 2]).dataSync();
    expect(own).toBeCloseTo(slope, 3);
  });

  it('takes colours in its order and values in its range', () => {
    const [plain, turned] = [new Network(spec(), 3), new Network({ ...spec(), preprocessing: { channelOrder: 'BGR', valueRange: [0, 255] }, normalisation: { mean: [100, 110, 120], std: [1, 2, 4] } }, 3)]; // prettier-ignore
    const x = pictures([6, 6, 3], 1);
    const wanted = tf.div(tf.sub(tf.mul(tf.reverse(x, -1), 255), [100, 110, 120]), [1, 2, 4]);
    const [expected, found] = [plain.forward(wanted), turned.forward(x)];
    expect(tf.max(tf.abs(tf.sub(expected, found))).dataSync()[0]).toBeLessThan(1e-2);
    expect(tf.max(tf.abs(tf.sub(plain.forward(x), found))).dataSync()[0]).toBeGreaterThan(1);
  });
});
