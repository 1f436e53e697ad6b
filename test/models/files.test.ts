import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readModel, writeModelDescription, writeWeights } from '../../main/models/files.ts';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { errorOf, temporaryFolder } from '../storage/fixtures.ts';

beforeAll(() => startEngine(engineUnderTest));

/** A folder with a small model saved in it. */
async function savedModel(): Promise<{ folder: string; network: Network }> {
  const folder = temporaryFolder();
  const architecture = { name: 'cnn', channels: [2, 3], kernel_size: 3, dense_dims: [4] };
  const network = new Network({ architecture, inputShape: [8, 8, 3], classes: ['cat', 'dog'] }, 9);
  writeModelDescription(folder, network);
  writeWeights(folder, await network.state());
  return { folder, network };
}

function change(folder: string, edit: (model: Record<string, unknown>) => void): void {
  const path = join(folder, 'model.json');
  const model = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  edit(model);
  writeFileSync(path, JSON.stringify(model));
}

describe('a saved model', () => {
  it('comes back whole', async () => {
    const { folder, network } = await savedModel();
    const read = readModel(folder);
    expect(read.spec).toEqual(network.spec);
    expect(read.layers).toEqual(network.layers);
    expect(await read.state()).toEqual(await network.state());
  });

  it.each<[string, (model: Record<string, unknown>) => void, RegExp]>([
    [
      'of a newer format',
      (model) => (model['format'] = 2),
      /was written by a newer version \(format 2; this program reads 1\)\./,
    ],
    [
      'of no format',
      (model) => delete model['format'],
      /does not describe a model of format 1\. format must be 1; got nothing\./,
    ],
    ['without an architecture', (model) => delete model['architecture'], /architecture needs the name of a model/],
    [
      'of an unknown architecture',
      (model) => (model['architecture'] = { name: 'cnm' }),
      /architecture: Unknown model "cnm"\. Did you mean "cnn"\?/,
    ],
    [
      'with a parameter of the wrong kind',
      (model) => (model['architecture'] = { name: 'mlp', hidden_dims: 'wide' }),
      /architecture\.hidden_dims must be an array/,
    ],
    ['for no input', (model) => (model['input_shape'] = []), /input_shape needs at least 1 value/],
    [
      'with channels first for features',
      (model) => Object.assign(model, { input_shape: [4], preprocessing: { layout: 'CHW' } }),
      /expected an input_shape of channels, height and width, as the layout CHW says, found \[4\]/,
    ],
    [
      'with an unknown key of pre-processing',
      (model) => (model['preprocessing'] = { crop: 4 }),
      /preprocessing has the unknown key|preprocessing.*crop/,
    ],
    [
      'with an empty range',
      (model) => (model['preprocessing'] = { value_range: [1, 1] }),
      /preprocessing: expected a value_range from a smaller to a larger value, found \[1, 1\]/,
    ],
    [
      'of layers that depend on later ones',
      (model) =>
        Object.assign(model, {
          architecture: 'graph',
          graph: [{ name: 'a', kind: 'flatten', inputs: ['b'] }],
        }),
      /graph\[0\]\.inputs must name earlier layers, or "input"; got "b"|must name earlier layers/,
    ],
  ])('%s is refused by file and key', async (_, edit, sentence) => {
    const { folder } = await savedModel();
    change(folder, edit);
    const { message } = errorOf('bad-data', () => readModel(folder));
    expect(message).toContain(join(folder, 'model.json'));
    expect(message).toMatch(sentence);
  });

  it('says how it takes pictures, and is written down so again', async () => {
    const { folder } = await savedModel();
    change(folder, (model) => {
      model['input_shape'] = [3, 8, 8];
      model['preprocessing'] = {
        layout: 'CHW',
        channel_order: 'BGR',
        value_range: [0, 255],
        resize: { rule: 'crop', side: 9 },
      };
    });
    const network = readModel(folder);
    const resize = { rule: 'crop', side: 9 };
    expect(network.spec).toMatchObject({
      inputShape: [8, 8, 3],
      preprocessing: { channelOrder: 'BGR', valueRange: [0, 255], resize },
    });
    writeModelDescription(folder, network);
    expect(readModel(folder).spec).toEqual(network.spec);
    change(folder, (model) => (model['preprocessing'] = { value_range: [0, 1], resize: { rule: 'stretch' } }));
    expect(readModel(folder).spec).not.toHaveProperty('preprocessing');
  });

  it('whose weights belong to another model names the first that does not fit', async () => {
    const { folder } = await savedModel();
    change(folder, (model) => (model['classes'] = ['cat', 'dog', 'cow']));
    expect(errorOf('bad-data', () => readModel(folder)).message).toBe(
      `${join(folder, 'model.safetensors')}: the weight "mlp.layers.linear_1.weight" has shape [2, 4], expected [3, 4].`,
    );
  });
});
