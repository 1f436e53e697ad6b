import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseParams } from '../../shared/schema/fields.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { range } from '../../main/models/batches.ts';
import { validate } from '../../main/runs/work/validation.ts';
import { checkStatement } from '../../main/runs/stated-training.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { trainedClassifier } from './trained-classifier.ts';
import { networkIn } from '../network-in.ts';

/** A classifier of pictures of one colour, whose classes were then written in another order, as PyTorch code may have them. */
let place: string;
let run: string;
const data = () => ({
  name: 'image-folder',
  folder: join(place, 'pets'),
  size: 4,
  test_fraction: 0.5,
  default_augmentations: false,
});

function pictures(folder: string, colours: Record<string, string>): void {
  for (const [name, colour] of Object.entries(colours)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let k = 0; k < 24; k++) {
      const canvas = createCanvas(4, 4);
      const context = canvas.getContext('2d');
      context.fillStyle = colour;
      context.fillRect(0, 0, 4, 4);
      context.fillStyle = `rgb(${10 * k}, ${10 * k}, ${10 * k})`;
      context.fillRect(1, 1, 1, 1);
      writeFileSync(join(folder, name, `${k}.png`), canvas.toBuffer('image/png'));
    }
  }
}

/** The name of the class of each sample, and of what its picture shows. */
function namesOf(dataset: Dataset): string[] {
  const { inputs, labels } = dataset.read(range(dataset.length), 0);
  return Array.from(labels, (label, k) => `${dataset.classes[label]} ${inputs[48 * k]! > 0.5 ? 'red' : 'blue'}`);
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-class-names-'));
  // What the model knows as dog, cat: folders that sort so.
  pictures(join(place, 'other'), { '0 dog': '#00f', '1 cat': '#f00' });
  pictures(join(place, 'pets'), { cat: '#f00', dog: '#00f' });
  const train_data = { ...data(), folder: join(place, 'other') };
  run = (
    await trainedClassifier({
      train_data,
      model: { name: 'mlp', hidden_dims: [8] },
      num_epochs: 20,
      optim: { name: 'adam', learning_rate: 0.02 },
      batch_size: 8,
    })
  ).folder;
  const description = join(run, 'model.json');
  writeFileSync(description, readFileSync(description, 'utf8').replace('0 dog', 'dog').replace('1 cat', 'cat'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const build = (name: string, params: object = {}) => {
  const definition = taskRegistry.get(name);
  return definition.build(parseParams(definition.params, { run_path: run, ...params }), { dataDir: place });
};

describe('a classifier whose classes stand in another order than those of the data', () => {
  it.each([
    ['backdoor', { backdoor: 'corner' }],
    ['adversarial-examples', { eps: 1, step_size: 1, success_threshold: 0 }],
  ])('is given the labels that it means, by their names, in the task %s', async (name, params) => {
    const { source, trusted, test } = await build(name, { data: data(), ...params });
    expect(new Set(namesOf(trusted.dataset))).toEqual(new Set(['cat red', 'dog blue']));
    expect(trusted.dataset.classes).toEqual(['dog', 'cat']);
    const clean = test.find(({ anomalous }) => !anomalous)!.dataset;
    expect((await validate(networkIn({ source }), clean, new AbortController().signal)).accuracy).toBe(1);
    source.dispose();
  });

  it('can be said to be trained on them, but not on others that share some names', async () => {
    const network = { architecture: { name: 'mlp' }, inputShape: [4, 4, 3], classes: ['dog', 'cat'] };
    await expect(checkStatement({ train_data: data() }, network, place)).resolves.toMatchObject({ trainData: data() });
    await expect(
      checkStatement({ train_data: data() }, { ...network, classes: ['dog', 'fish'] }, place),
    ).rejects.toThrow('The class "dog" is number 1 in the data "image-folder" and number 0 in the model');
    await expect(
      build('backdoor', { data: { ...data(), folder: join(place, 'other') }, backdoor: 'corner' }),
    ).resolves.toBeDefined();
  });
});
