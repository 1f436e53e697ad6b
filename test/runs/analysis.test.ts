import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../main/data/dataset.ts';
import { clearAnalysis, TestAnalysis } from '../../main/runs/work/analysis.ts';
import { TestClasses } from '../../main/runs/work/test-classes.ts';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import type { FittedDetector } from '../../main/runs/detector-file.ts';
import type { TaskScores } from '../../main/runs/work/detection.ts';
import { parseNpy } from '../../main/storage/npy.ts';
import type { Task } from '../../main/tasks/task.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { parseAnalysis, type Analysis } from '../../shared/domain/analysis.ts';

const classes = ['cat', 'dog', 'eel'];
const size = 120;

/** 2 x 2 grey pictures; sample i is of class i modulo 3. */
const dataset: Dataset = {
  shape: [2, 2, 1],
  classes,
  length: size,
  memory: 0,
  fingerprint: 'toy',
  read: (indices) => ({
    inputs: Float32Array.from({ length: 4 * indices.length }, (_, k) => (indices[k >> 2]! + k) % 2),
    labels: Int32Array.from({ length: indices.length }, (_, i) => indices[i]! % 3),
    size: indices.length,
  }),
};

const layerDims: Record<string, number> = { wide: 600, flat: 3, one: 1, huge: 16385, logits: 3 };

function setup(layers: readonly string[], inputs: Dataset = dataset) {
  const source = {
    classOutput: 'logits',
    activationShape: (name: string) => [layerDims[name]!],
    isRagged: () => false,
    classes,
  };
  const even = Int32Array.from({ length: size / 2 }, (_, i) => 2 * i);
  const task = {
    source,
    test: [
      { dataset: inputs, indices: even, anomalous: false },
      { dataset: inputs, indices: even.map((i) => i + 1), anomalous: true },
    ],
  } as unknown as Task;
  const state = { tensors: {}, values: {} };
  const detector: FittedDetector = { spec: draftDetector({ name: 'mahalanobis' }), state, layers };
  return { task, detector };
}

/** Activations of sample `index`: its class stands out along the first dimensions, being anomalous along the last. */
function activation(layer: string, index: number, anomalous: boolean): Float32Array {
  const stream = RandomStream.from(index, layer);
  const dims = layerDims[layer]!;
  if (layer === 'huge') return new Float32Array(dims);
  const row = Float32Array.from({ length: dims }, () => 0.1 * stream.normal());
  if (layer === 'logits') row[index % 3]! += anomalous ? -5 : 5;
  else row[0]! += 3 * (index % 3) + (anomalous ? 20 : 0);
  return row;
}

function run(
  folder: string,
  layers: readonly string[],
  batchSize = 50,
  spoil?: (row: Float32Array) => void,
  inputs?: Dataset,
): Analysis {
  const { task, detector } = setup(layers, inputs);
  const classes = new TestClasses(task);
  const analysis = new TestAnalysis(detector, task, classes, 7);
  const names = [...new Set([...layers, ...classes.names])];
  const scores: TaskScores = {
    layers: new Map(
      [...layers, 'all'].map((name, k) => [
        name,
        Float32Array.from({ length: size }, (_, i) => ((i * 37) % size) + k * (i % 5)),
      ]),
    ),
    labels: Uint8Array.from({ length: size }, (_, i) => (i < size / 2 ? 0 : 1)),
    sampleIndex: Int32Array.from(task.test.flatMap(({ indices }) => [...indices])),
  };
  let position = 0;
  for (const part of task.test) {
    for (let start = 0; start < part.indices.length; start += batchSize) {
      const indices = part.indices.subarray(start, start + batchSize);
      const rows = names.map((name): [string, Float32Array] => {
        const all = [...indices].map((index) => activation(name, index, part.anomalous));
        if (name !== 'logits') all.forEach((row) => spoil?.(row));
        return [name, Float32Array.from(all.flatMap((row) => [...row]))];
      });
      const batch = { ...part.dataset.read(indices, 0), indices, layers: new Map(rows) };
      const positions = indices.map((_, i) => position + i);
      classes.see(batch, part, positions);
      analysis.see(batch, part, positions);
      position += indices.length;
    }
  }
  analysis.write(folder, scores, 100, { aggregation: 'mean' });
  const file = join(folder, 'analysis.json');
  return parseAnalysis(JSON.parse(readFileSync(file, 'utf8')), file);
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-analysis-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the analysis of an evaluation', () => {
  it('says how the activations vary, and takes predictions from the logits even where the detector does not look at them', () => {
    const { layers } = run(folder, ['flat']);
    const { components, variance } = layers['flat']!;
    expect(components!.samples).toBe(60);
    // Classes 0, 3, 6 along one axis against noise of 0.1: nearly all of the clean variance.
    expect(components!.explained[0]).toBeGreaterThan(0.99);
    expect(variance!.between_true_classes_of_clean).toBeGreaterThan(0.99);
    expect(variance!.between_predicted_classes_of_clean).toBeCloseTo(variance!.between_true_classes_of_clean!, 12);
    // Two groups 20 apart and classes with a variance of 6: 100 / 106 of the whole.
    expect(variance!.between_clean_and_anomalous).toBeCloseTo(100 / 106, 2);
    const parts = variance!.between_predicted_classes! + variance!.between_clean_and_anomalous_of_a_class!;
    expect(parts).toBeGreaterThan(0.9);
    expect(parts).toBeLessThanOrEqual(1);
  });

  it('keeps coordinates of points that belong to their places in the scores', () => {
    run(folder, ['flat', 'one']);
    const read = (name: string) => parseNpy(readFileSync(join(folder, 'analysis', `${name}.npy`)), name);
    const points = read('points');
    const flat = read('flat');
    expect(flat.shape).toEqual([size, 2]);
    expect([...points.data].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
    points.data.forEach((position, k) => {
      const index = position < 60 ? 2 * position : 2 * (position - 60) + 1;
      // The mean of the clean samples' classes is 1, and the axis points along the first dimension.
      expect(Math.abs(flat.data[2 * k]! - (3 * (index % 3) - 3 + (position < 60 ? 0 : 20)))).toBeLessThan(1.5);
    });
    const one = read('one');
    expect(
      Array.from(one.data)
        .filter((_, k) => k % 2 === 1)
        .every((value) => value === 0),
    ).toBe(true);
  });

  it('does not depend on the batch size', () => {
    const read = () => parseNpy(readFileSync(join(folder, 'analysis', 'flat.npy')), 'flat').data;
    const a = run(folder, ['flat'], 60);
    const coordinates = read();
    const b = run(folder, ['flat'], 7);
    expect(b.mistakes).toEqual(a.mistakes);
    expect(b.layers['flat']!.variance!.between_predicted_classes).toBeCloseTo(
      a.layers['flat']!.variance!.between_predicted_classes!,
      12,
    );
    read().forEach((value, i) => expect(value).toBeCloseTo(coordinates[i]!, 4));
  });

  it('names the worst mistakes with class, prediction and place', () => {
    const { mistakes } = run(folder, ['flat']);
    expect(mistakes.clean).toHaveLength(10);
    expect(mistakes.anomalous).toHaveLength(10);
    for (const { position, sample_index: index, true_class: own, predicted_class: predicted } of mistakes.clean) {
      expect(index).toBe(2 * position);
      expect(own).toBe(classes[index % 3]);
      expect(predicted).toBe(own);
    }
    for (const { position, sample_index: index, true_class: own, predicted_class: predicted } of mistakes.anomalous) {
      expect(index).toBe(2 * (position - 60) + 1);
      expect(predicted).not.toBe(own);
    }
    expect(mistakes.clean.map(({ score }) => score)).toEqual(
      mistakes.clean.map(({ score }) => score).sort((a, b) => b - a),
    );
    expect(existsSync(join(folder, 'figures', 'mistakes.png'))).toBe(true);
  });

  it('has components of layers with more dimensions than a covariance is decomposed for, and leaves out larger ones', () => {
    const { layers } = run(folder, ['wide', 'huge']);
    expect(layers['wide']!.components!.samples).toBe(60);
    expect(layers['wide']!.variance).not.toBeNull();
    expect(layers['huge']).toEqual({
      dims: 16385,
      left_out: 'It has 16385 dimensions; layers of up to 16384 are analysed.',
      components: null,
      variance: null,
    });
    expect(existsSync(join(folder, 'figures', 'activations-huge.png'))).toBe(false);
  });

  it('goes on without layers that do not vary or are not finite', () => {
    for (const value of [0.1, NaN, Infinity]) {
      const { layers } = run(folder, ['flat', 'wide'], 50, (row) => row.fill(value));
      for (const name of ['flat', 'wide']) {
        expect(layers[name]!.components).toBeNull();
        expect(layers[name]!.left_out).toMatch(/do not vary, or are not finite/);
        expect(layers[name]!.variance!.between_predicted_classes).toBeNull();
      }
    }
  });

  it('shows the texts of a dataset that has words', () => {
    const vocabulary = ['<pad>', 'one', 'two', 'three'];
    const texts: Dataset = {
      ...dataset,
      shape: [3],
      vocabulary,
      read: (indices) => ({
        // Padding, then a word that goes with the sample, then "three".
        inputs: Float32Array.from(Array.from(indices).flatMap((index) => [0, 1 + (index % 2), 3])),
        labels: Int32Array.from(indices, (index) => index % 3),
        size: indices.length,
      }),
    };
    const { mistakes } = run(folder, ['flat'], 50, undefined, texts);
    const svg = readFileSync(join(folder, 'figures', 'mistakes.svg'), 'utf8');
    // Clean samples are the even ones, anomalous the odd.
    expect(svg.match(/>one three<\/text>/g)).toHaveLength(10);
    expect(svg.match(/>two three<\/text>/g)).toHaveLength(10);
    for (const { sample_index: index } of [...mistakes.clean, ...mistakes.anomalous])
      expect(svg).toContain(`>#${index}</text>`);
    expect(existsSync(join(folder, 'figures', 'mistakes.png'))).toBe(true);
    clearAnalysis(folder);
    expect(existsSync(join(folder, 'figures', 'mistakes.svg'))).toBe(false);
  });

  it('shows no sheet of what is neither picture nor text', () => {
    run(folder, ['flat'], 50, undefined, { ...dataset, shape: [4] });
    expect(existsSync(join(folder, 'figures', 'mistakes.png'))).toBe(false);
    expect(existsSync(join(folder, 'figures', 'activations-flat.svg'))).toBe(true);
  });

  it('is removed as a whole, and nothing else with it', () => {
    run(folder, ['flat', 'one']);
    mkdirSync(join(folder, 'scores'));
    for (const name of ['eval.json', 'scores/all.npy', 'figures/roc.svg', 'figures/histogram-mistakes.png'])
      writeFileSync(join(folder, name), '');
    clearAnalysis(folder);
    for (const name of [
      'analysis.json',
      'analysis',
      'figures/mistakes.png',
      'figures/activations-flat.png',
      'figures/score-correlation.svg',
    ])
      expect(existsSync(join(folder, name)), name).toBe(false);
    for (const name of ['eval.json', 'scores/all.npy', 'figures/roc.svg', 'figures/histogram-mistakes.png'])
      expect(existsSync(join(folder, name)), name).toBe(true);
  });
});
