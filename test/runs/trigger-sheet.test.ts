import { beforeAll, describe, expect, it } from 'vitest';
import { parseParams, paramsOf, type Picked } from '../../shared/schema/fields.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { triggerRegistry } from '../../main/data/triggers/index.ts';
import { drawTriggerSheet } from '../../main/runs/work/trigger-sheet.ts';
import { attackWithRun } from '../../main/models/attack-with-run.ts';
import { trainedClassifier } from '../tasks/trained-classifier.ts';

const context = { dataDir: '/nowhere', seed: 0, attack: attackWithRun };
let otherModel = '';

beforeAll(async () => {
  const train_data = { name: 'glyphs', limit: 500, default_augmentations: false };
  const model = { name: 'mlp', hidden_dims: [16] };
  otherModel = (await trainedClassifier({ train_data, model, num_epochs: 1 })).folder;
});

const picked = (name: string, params: object = {}): Picked => {
  const needed = name === 'label-consistent' ? { run_path: otherModel } : {};
  return { name, ...parseParams(paramsOf(triggerRegistry.get(name)), { ...needed, ...params }) };
};

const sheet = async (data: Picked, trigger: Picked, count = 3) =>
  drawTriggerSheet(await loadDataset(data, context), trigger, count, context);

describe('the sheet of a trigger', () => {
  it.each(triggerRegistry.ids)('%s shows samples, and that they change', async (name) => {
    const data = name === 'sentence' ? { name: 'arithmetic', samples: 50, room: 3 } : { name: 'glyphs', limit: 100 };
    const { name: file, png, svg, table } = await sheet(data, picked(name));
    expect(file).toBe(`trigger-${name}`);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(svg.toString()).toMatch(new RegExp(`<title>Trigger \\S+${name}`));
    expect(table.rows).toHaveLength(3);
    const [, change] = name === 'sentence' ? [0, table.rows[0]![3]] : table.rows[0]!;
    expect(change).toBeGreaterThan(0.01);
  });

  it('shows a clean-label trigger on samples of its class, as its training data have it', async () => {
    const data = { name: 'glyphs', limit: 100, default_augmentations: false };
    const [plain, attacked] = [
      await sheet(data, picked('label-consistent', { eps: 0 }), 100),
      await sheet(data, picked('label-consistent', { eps: 0.3, target_class: 4 }), 100),
    ];
    const { labels } = (await loadDataset(data, context)).read(
      Array.from({ length: 100 }, (_, i) => i),
      0,
    );
    expect(plain.table.rows).toHaveLength(labels.filter((label) => label === 0).length);
    expect(attacked.table.rows).toHaveLength(labels.filter((label) => label === 4).length);
    expect(attacked.png.equals(plain.png)).toBe(false);
  });

  it('leaves augmentations out, so that the difference is the trigger alone', async () => {
    const { table } = await sheet({ name: 'glyphs', limit: 20 }, picked('wanet', { warping_strength: 0 }));
    expect(table.rows.map(([, change]) => change as number).every((change) => change < 1e-6)).toBe(true);
  });
});
