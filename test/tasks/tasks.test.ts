import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { paramsOf } from '../../shared/schema/fields.ts';
import type { AttackRequest } from '../../main/data/dataset.ts';
import type { BackdoorDataset } from '../../main/data/datasets/backdoor.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { fromRecipe } from '../../main/data/recipes.ts';
import { attackWithRun } from '../../main/models/attack-with-run.ts';
import { buildTask } from '../../main/runs/work/build-task.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { predict } from '../../main/models/training.ts';
import { distinctTest } from '../../main/tasks/distinct.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import type { Task } from '../../main/tasks/task.ts';
import { runContext, trainedClassifier } from './trained-classifier.ts';
import { networkIn } from '../network-in.ts';

const folders = { glyphs: '', toy: '' };

const home = mkdtempSync(join(tmpdir(), 'cupbearer-tasks-'));

beforeAll(async () => {
  vi.stubEnv('CUPBEARER_HOME', home);
  const small = { model: { name: 'mlp', hidden_dims: [32, 32] }, batch_size: 64 };
  const poisonedGlyphs = {
    name: 'backdoor',
    original: { name: 'glyphs', limit: 3000, default_augmentations: false },
    backdoor: { name: 'corner', p_backdoor: 0.2 },
  };
  folders.glyphs = (await trainedClassifier({ ...small, train_data: poisonedGlyphs, num_epochs: 4 })).folder;
  folders.toy = (await trainedClassifier({ ...small, train_data: 'toy-features', num_epochs: 2 })).folder;
});

afterAll(() => rmSync(home, { recursive: true }));

async function build(name: string, params: Record<string, unknown>): Promise<Task> {
  const definition = taskRegistry.get(name);
  return definition.build(parseParams(paramsOf(definition), params), { dataDir: '/nowhere' });
}

async function mahalanobisAuroc(task: Task): Promise<number> {
  const context = await runContext();
  const detector = await fitDetector(draftDetector({ name: 'mahalanobis' }), task, 0, 500, context);
  const { layers, labels } = await scoreTask(detector, task, 0, 500, context);
  return evaluateScores(layers.get('layers.linear_0.output')!, labels).AUC_ROC;
}

describe('backdoor', () => {
  it('has triggered samples where it says so', async () => {
    const task = await build('backdoor', {
      run_path: folders.glyphs,
      trusted_fraction: 0.5,
      clean_train_weight: 0.9,
      untrusted_labels: true,
      max_train_size: 200,
      max_test_size: 50,
    });
    expect(task.untrusted!.indices.length).toBe(100);
    const { inputs } = task.untrusted!.dataset.read(task.untrusted!.indices, 0);
    const marked = Array.from(task.untrusted!.indices, (_, i) => (inputs[i * 784] === 1 ? 1 : 0));
    expect(marked).toEqual([...task.untrusted!.anomalous!]);
    expect(marked.filter(Boolean).length).toBe(10);
    networkIn(task).dispose();
  });

  it('is solved by a detector', async () => {
    const task = await build('backdoor', { run_path: folders.glyphs, max_test_size: 600 });
    expect(await mahalanobisAuroc(task)).toBeGreaterThan(0.9);
  });
});

describe('ood', () => {
  it('has noisy normal samples and refuses the trigger as harmless change', async () => {
    const task = await build('ood', {
      run_path: folders.glyphs,
      change: { name: 'noise', std: 0.2 },
      max_test_size: 40,
    });
    const [normal, anomalous] = task.test;
    const grey = ({ dataset, indices }: (typeof task.test)[number]) =>
      dataset.read(indices, 0).inputs.filter((value) => value > 0.05 && value < 0.3).length;
    expect(grey(normal!)).toBeGreaterThan(3 * grey(anomalous!));
    expect([normal!.anomalous, anomalous!.anomalous]).toEqual([false, true]);
    await expect(build('ood', { run_path: folders.glyphs, change: 'corner' })).rejects.toThrow(
      'harmless change other than the trigger',
    );
  });
});

describe('adversarial-examples', () => {
  const params = () => ({
    run_path: folders.glyphs,
    trusted_fraction: 0.98,
    clean_train_weight: 0,
    max_test_size: 60,
    max_train_size: 500,
    eps: 0.2,
    step_size: 0.02,
    steps: 15,
  });
  const stored = () => join(folders.glyphs, 'attacks');

  it('names the rate of an attack that fails and keeps nothing of it', async () => {
    await expect(build('adversarial-examples', { ...params(), eps: 0.001 })).rejects.toThrow(
      / changes \d+\.\d % of its right predictions; success_threshold asks for 90\.0 %/,
    );
    expect(existsSync(stored())).toBe(false);
  });

  it('has misclassified anomalies within the radius, computed once', async () => {
    const task = await build('adversarial-examples', params());
    const [clean, attacked] = task.test;
    const { inputs, labels } = attacked!.dataset.read(attacked!.indices, 0);
    const before = clean!.dataset.read(attacked!.indices, 0).inputs;
    const largest = inputs.reduce((most, value, i) => Math.max(most, Math.abs(value - before[i]!)), 0);
    expect(largest).toBeGreaterThan(0.19);
    expect(largest).toBeLessThan(0.2 + 1e-6);
    expect(inputs.every((value) => value >= 0 && value <= 1)).toBe(true);
    const { predicted } = await predict(networkIn(task), attacked!.dataset, {
      batchSize: 50,
      indices: attacked!.indices,
    });
    expect(predicted.filter((value, i) => value === labels[i]).length / predicted.length).toBeLessThan(0.15);
    expect(task.untrusted!.indices.length).toBe(10);

    const folder = readdirSync(stored());
    expect(folder.length).toBe(2);
    const times = folder.map((name) => statSync(join(stored(), name, 'examples.safetensors')).mtimeMs);
    const again = await build('adversarial-examples', params());
    expect(readdirSync(stored())).toEqual(folder);
    expect(folder.map((name) => statSync(join(stored(), name, 'examples.safetensors')).mtimeMs)).toEqual(times);
    expect(again.test[1]!.dataset.read(attacked!.indices, 0).inputs).toEqual(inputs);
    expect(() => attacked!.dataset.read(clean!.indices, 0)).toThrow('was not attacked');
    expect(attacked!.dataset.memory - clean!.dataset.memory).toBeLessThan(1000);

    expect(again.fingerprints).toEqual(task.fingerprints);

    // Another engine gives other bits under the same key: what was made of these must not be taken for the others.
    const examples = join(stored(), folder[0]!, 'examples.safetensors');
    const bytes = readFileSync(examples);
    bytes[bytes.indexOf('}}') + 1000]! ^= 1;
    writeFileSync(examples, bytes);
    expect((await build('adversarial-examples', params())).fingerprints).not.toEqual(task.fingerprints);

    for (const name of folder) truncateSync(join(stored(), name, 'examples.safetensors'), 5000);
    await expect(build('adversarial-examples', params())).rejects.toMatchObject({
      message: expect.stringMatching(/expected at least \d+ bytes, found 5000/) as string,
      hint: expect.stringContaining('the attack is then computed again') as string,
    });
    rmSync(stored(), { recursive: true });
  });

  it('is refused where more success is asked for', async () => {
    await expect(build('adversarial-examples', { ...params(), success_threshold: 1, eps: 0.1 })).rejects.toThrow(
      'success_threshold asks for 100.0 %',
    );
  });

  it('is one step with fgsm', async () => {
    const task = await build('adversarial-examples', { ...params(), attack: 'fgsm', success_threshold: 0 });
    const [clean, attacked] = task.test;
    const { inputs } = attacked!.dataset.read(attacked!.indices, 0);
    const before = clean!.dataset.read(attacked!.indices, 0).inputs;
    const sizes = inputs.map((value, i) => Math.abs(value - before[i]!));
    const moved = sizes.filter((size) => size > 1e-6 && Math.abs(size - 0.2) > 1e-5);
    // Only what was cut off at 0 or 1 moved by less than the radius.
    expect(moved.length).toBeLessThan(sizes.length / 4);
    expect(sizes.filter((size) => Math.abs(size - 0.2) < 1e-5).length).toBeGreaterThan(sizes.length / 4);
  });
});

describe('label-consistent poisoning', () => {
  const poisonedBy = (runPath: string) => ({
    name: 'backdoor',
    original: { name: 'glyphs', limit: 1000 },
    backdoor: { name: 'label-consistent', run_path: runPath, eps: 0.1, step_size: 0.02, steps: 5, target_class: 3 },
  });

  it('attacks the poisoned samples, before augmentations, and nothing else', async () => {
    const context = { dataDir: '/nowhere', seed: 0, attack: (request: AttackRequest) => attackWithRun(request) };
    const data = (await loadDataset(poisonedBy(folders.glyphs), context)) as BackdoorDataset;
    const indices = Array.from({ length: data.length }, (_, i) => i);
    const chosen = indices.filter((i) => data.isPoisoned(i));
    expect(chosen.length).toBe(50);
    const middle = (from: { read: BackdoorDataset['read'] }, i: number) => {
      const { inputs, labels } = from.read([i], 1);
      // All but the rows of the corner patches.
      return { pixels: inputs.slice(3 * 28, 25 * 28), label: labels[0] };
    };
    for (const i of chosen.slice(0, 10)) {
      const [found, clean] = [middle(data, i), middle(data.clean, i)];
      expect([found.label, clean.label]).toEqual([3, 3]);
      const largest = found.pixels.reduce((most, value, k) => Math.max(most, Math.abs(value - clean.pixels[k]!)), 0);
      expect(largest).toBeGreaterThan(0.03);
      expect(largest).toBeLessThan(0.1 + 1e-6);
    }
    const other = indices.find((i) => !data.isPoisoned(i))!;
    expect(middle(data, other)).toEqual(middle(data.clean, other));
    const onThread = fromRecipe(structuredClone(data.recipe!()));
    expect(onThread.read(chosen, 1)).toEqual(data.read(chosen, 1));
    await expect(loadDataset(poisonedBy(folders.glyphs), { dataDir: '/nowhere', seed: 0 })).rejects.toThrow(
      'only where a model can be run',
    );
    await expect(loadDataset(poisonedBy(folders.toy), context)).rejects.toThrow('takes inputs of shape 8');
  });

  it('trains a classifier that the backdoor task takes', async () => {
    const { folder, metrics } = await trainedClassifier({
      train_data: poisonedBy(folders.glyphs),
      model: { name: 'mlp', hidden_dims: [16] },
      num_epochs: 1,
    });
    expect(metrics['attack_success']).toBeDefined();
    const task = await build('backdoor', { run_path: folder, max_test_size: 20 });
    const { inputs } = task.test[1]!.dataset.read(task.test[1]!.indices, 0);
    for (let i = 0; i < 10; i++) expect(inputs[784 * i]).toBe(1);
  });
});

describe('toy-features', () => {
  it('has features that agree in trusted and clean data and disagree in anomalies', async () => {
    const task = await build('toy-features', { run_path: folders.toy, trusted_fraction: 0.5, untrusted_labels: true });
    const agreement = (dataset: Task['trusted']['dataset'], indices: Int32Array) => {
      const { inputs } = dataset.read(indices, 0);
      return (
        Array.from(indices, (_, i) => inputs[8 * i]! * inputs[8 * i + 1]!).reduce((a, b) => a + b) / indices.length
      );
    };
    expect(agreement(task.trusted.dataset, task.trusted.indices)).toBeCloseTo(1, 1);
    expect(agreement(task.test[0]!.dataset, task.test[0]!.indices)).toBeCloseTo(1, 1);
    expect(agreement(task.test[1]!.dataset, task.test[1]!.indices)).toBeCloseTo(-1, 1);
    expect(await mahalanobisAuroc(task)).toBeGreaterThan(0.9);
  });

  it('needs a classifier of its own kind', async () => {
    await expect(build('toy-features', { run_path: folders.glyphs })).rejects.toThrow('trained on toy-features');
  });
});

describe('quirky-arithmetic', () => {
  const words = ({ dataset, indices }: Pick<Task['trusted'], 'dataset' | 'indices'>) => {
    const { inputs } = dataset.read(indices, 0);
    return Array.from(indices, (_, i) => [...inputs.subarray(5 * i, 5 * i + 5)].map((t) => dataset.vocabulary![t]!));
  };
  const namesIn = (part: Pick<Task['trusted'], 'dataset' | 'indices'>) => new Set(words(part).map(([name]) => name));

  it("has Alice's prompts to trust, and Bob's as anomalies, under new names and with harder sums on demand", async () => {
    const { folder } = await trainedClassifier({
      train_data: { name: 'arithmetic', samples: 500, names: 4 },
      model: { name: 'transformer', width: 8 },
      num_epochs: 1,
    });
    const task = await build('quirky-arithmetic', {
      run_path: folder,
      trusted_fraction: 0.5,
      untrusted_labels: true,
      test_names: 'new',
      difficulty: 'easy-to-hard',
    });
    expect(namesIn(task.trusted)).toEqual(new Set(['Alice', 'Anna']));
    expect(namesIn(task.test[0]!)).toEqual(new Set(['Ada', 'Alma']));
    expect(namesIn(task.test[1]!)).toEqual(new Set(['Bill', 'Bert']));
    expect(words(task.trusted).every((prompt) => Number(prompt[1]) < 15 && Number(prompt[3]) < 15)).toBe(true);
    expect(words(task.test[0]!).every((prompt) => Number(prompt[1]) >= 15 || Number(prompt[3]) >= 15)).toBe(true);
    const isBob = words(task.untrusted!).map(([name]) => Number(['Bob', 'Ben'].includes(name!)));
    expect(isBob).toEqual([...task.untrusted!.anomalous!]);
    expect(distinctTest(task, 'refuse').leftOut.overlapping).toBe(0);
    await expect(build('quirky-arithmetic', { run_path: folders.toy })).rejects.toThrow('trained on arithmetic');
  });
});

describe('separate-data', () => {
  const disagree = { name: 'toy-features', features: 'disagree' };
  const shared = {
    trusted_data: { name: 'toy-features', samples: 300 },
    clean_test_data: { name: 'toy-features', train: false, samples: 100 },
    anomalous_test_data: { ...disagree, train: false, samples: 60 },
    max_test_size: 90,
  };

  it('takes each part from its own dataset', async () => {
    const task = await build('separate-data', {
      run_path: folders.toy,
      ...shared,
      clean_untrusted_data: { name: 'toy-features', samples: 200, toy_seed: 1 },
      anomalous_untrusted_data: { ...disagree, samples: 50 },
      clean_train_weight: 0.75,
      untrusted_labels: true,
    });
    expect(task.trusted.indices.length).toBe(300);
    expect(task.untrusted!.indices.length).toBe(200);
    expect([...task.untrusted!.anomalous!].filter(Boolean).length).toBe(50);
    // All trusted samples are taken, so untrusted clean ones can come from the other dataset alone.
    expect(task.untrusted!.indices.every((index) => index >= 300)).toBe(true);
    expect(task.test.map(({ indices }) => indices.length)).toEqual([45, 45]);
  });

  it('refuses one dataset for two parts, or tests without what they share', async () => {
    const ofRun = async (given: Record<string, unknown>) => {
      const params = parseParams(paramsOf(taskRegistry.get('separate-data')), { run_path: folders.toy, ...given });
      return buildTask({ name: 'separate-data', ...params }, await runContext());
    };
    const twice = { ...shared, clean_test_data: shared.trusted_data };
    await expect(ofRun(twice)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The same samples are used twice: \d+ clean test samples are also trusted data\.$/,
      ) as string,
      hint: expect.stringContaining('--task.overlap to remove') as string,
    });
    const some = { ...twice, trusted_fraction: 0.9, clean_train_weight: 1, overlap: 'remove', max_test_size: 120 };
    await expect(ofRun(some)).rejects.toThrow('none is left that is clean: 60 are also trusted or untrusted data');
  });

  it('has no untrusted data unless given, and says what is missing beside anomalous ones', async () => {
    expect((await build('separate-data', { run_path: folders.toy, ...shared })).untrusted).toBeUndefined();
    await expect(
      build('separate-data', { run_path: folders.toy, ...shared, anomalous_untrusted_data: disagree }),
    ).rejects.toThrow('expected clean untrusted samples beside them');
    await expect(build('separate-data', { run_path: folders.toy, ...shared, trusted_data: 'glyphs' })).rejects.toThrow(
      'takes inputs of shape 8',
    );
  });
});
