import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNpy } from '../../main/storage/npy.ts';
import { readTensorFile } from '../../main/storage/tensor-file.ts';
import { onnxBytes, tensorBytes, valueBytes } from '../models/onnx/onnx-bytes.ts';
import { onnxFolder, withoutOnnx } from '../onnx.ts';
import { trainedClassifier } from '../tasks/trained-classifier.ts';
import { startCli } from './cli-process.ts';

const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
let place: string;
let trained: string;

beforeAll(async () => {
  if (onnxFolder === undefined) return;
  place = mkdtempSync(join(tmpdir(), 'cupbearer-onnx-'));
  const original = { name: 'glyphs', limit: 600, default_augmentations: false };
  const train_data = { name: 'backdoor', original, backdoor: { name: 'corner', p_backdoor: 0.2 } };
  const training = { model: { name: 'mlp', hidden_dims: [16] }, num_epochs: 2, batch_size: 50, seed: 3, train_data };
  trained = (await trainedClassifier(training)).folder;
  writeFileSync(join(place, 'glyphs.onnx'), asOnnx(trained));
});
afterAll(() => {
  if (place) rmSync(place, { recursive: true, force: true });
});

/** The same network as another program would export it. */
function asOnnx(folder: string): Uint8Array {
  const { tensors } = readTensorFile(join(folder, 'model.safetensors'));
  const weights = Object.entries(tensors).map(([name, { shape, data }]) => tensorBytes(name, shape, data as Float32Array)); // prettier-ignore
  const linear = (number: number, from: string, to: string) => ({
    operator: 'Gemm',
    inputs: [from, `layers.linear_${number}.weight`, `layers.linear_${number}.bias`],
    outputs: [to],
    attributes: { transB: 1 },
  });
  return onnxBytes({
    nodes: [
      { operator: 'Flatten', inputs: ['image'], outputs: ['flat'] },
      linear(0, 'flat', 'hidden'),
      { operator: 'Relu', inputs: ['hidden'], outputs: ['bent'] },
      linear(1, 'bent', 'logits'),
    ],
    inputs: [valueBytes('image', ['n', 1, 28, 28])],
    outputs: [valueBytes('logits', ['n', 10])],
    weights,
  });
}

const cli = (...args: string[]) => startCli(args, { cwd: place, home: join(place, 'home') }).ended;

describe.skipIf(onnxFolder === undefined)(`an ONNX file from the command line to scores${withoutOnnx}`, () => {
  it('gives those of the network that it was exported from', async () => {
    const glyphs = [
      'glyphs',
      '--train_data.original.limit',
      '600',
      '--train_data.original.default_augmentations',
      'false',
    ];
    const data = ['--train_data', 'backdoor', '--train_data.original', ...glyphs, '--train_data.backdoor', 'corner'];
    const taken = await cli('models', 'import', 'glyphs.onnx', '--classes', classes.join(), ...data, '--base', place);
    expect(taken.stderr).toBe('');
    expect(taken.stdout).toMatch(/\nIt is right on \d+\.\d % of [\d,]+ test samples of glyphs\.\n/);
    const folder = join(place, 'glyphs');
    const detector = (run: string, layer: string, dir: string) =>
      cli(
        ...['train-detector', '--task', 'backdoor', '--task.run_path', run, '--task.max_test_size', '100'],
        ...['--task.max_train_size', '200', '--detector', 'mahalanobis', '--detector.layers', layer],
        ...['--analysis', 'false', '--dir.full', join(place, dir)],
      );
    const [ours, theirs] = [
      await detector(trained, 'layers.linear_0.output', 'ours'),
      await detector(folder, 'hidden', 'theirs'),
    ];
    expect([ours.code, theirs.code]).toEqual([0, 0]);
    const scores = (dir: string) => parseNpy(readFileSync(join(place, dir, 'scores', 'all.npy')), 'all.npy').data;
    const [a, b] = [scores('ours'), scores('theirs')];
    expect(a).toHaveLength(b.length);
    const furthest = Math.max(...Array.from(a, (value, i) => Math.abs(Number(value) - Number(b[i])) / Math.abs(Number(value)))); // prettier-ignore
    expect(furthest).toBeLessThan(1e-3);
    const predicted = (dir: string) => readFileSync(join(place, dir, 'scores', 'predicted_class.npy')).toString('hex');
    expect(predicted('theirs')).toBe(predicted('ours'));
  });

  it('says why a detector or task needs more than activations', async () => {
    const run = ['train-detector', '--task.run_path', join(place, 'glyphs'), '--dir.full', join(place, 'refused')];
    const gradients = await cli(...run, '--task', 'backdoor', '--detector', 'finetuning');
    expect([gradients.code, gradients.stderr]).toEqual([2, expect.stringContaining("this task's model gives none.")]);
    const attack = await cli(...run, '--task', 'adversarial-examples', '--detector', 'mahalanobis');
    expect([attack.code, attack.stderr]).toEqual([2, expect.stringContaining('is an ONNX graph and gives none.')]);
    const inputs = await cli(...run, '--task', 'backdoor', '--detector', 'strip');
    expect([inputs.code, inputs.stderr]).toEqual([2, expect.stringContaining('a graph of another program')]);
  });

  it('is listed, and its training can be said later', async () => {
    const taken = await cli('models', 'import', 'glyphs.onnx', '--classes', classes.join(), '--name', 'later');
    expect(taken.stdout).toContain('Most tasks need to know what it was trained on');
    const [id] = taken.stdout.split(' ');
    expect((await cli('models', 'trained-on', id!, '--train_data', 'glyphs', '--mean', '0.5', '--std', '1')).stderr).toContain('The inputs of an ONNX graph are described when it is imported'); // prettier-ignore
    expect((await cli('models', 'trained-on', id!, '--train_data', 'glyphs')).code).toBe(0);
    const listed = JSON.parse((await cli('models', 'list', '--json')).stdout) as { spec: { graph?: string } }[];
    expect(listed.filter(({ spec }) => spec.graph === 'glyphs.onnx')).toHaveLength(2);
  });
});
