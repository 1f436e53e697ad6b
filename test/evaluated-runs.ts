import { createCanvas } from '@napi-rs/canvas';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateScores } from '../main/evaluation/evaluate-scores.ts';
import { drawEvaluationFigures } from '../main/figures/evaluation-figures.ts';
import { openCatalogue } from '../main/storage/open-catalogue.ts';
import { cataloguePath } from '../main/storage/home.ts';
import { toJsonText } from '../main/storage/json-text.ts';
import { writeRecord, writeScores, writeSpec } from '../main/storage/run-folder.ts';
import { RandomStream } from '../main/tensor/random.ts';
import type { RunRecord } from '../shared/domain/run.ts';

const layers = ['layers.linear_0.output', 'layers.linear_1.output', 'layers.linear_2.output', 'all'];
const samples = 10_000;
/** Evaluating so many samples takes long: runs share these results, which differ in how well they are. */
const different = 5;
const detectors = ['mahalanobis', 'knn', 'spectral', 'que', 'isolation-forest'] as const;

/**
 * Puts `count` finished, evaluated runs of detectors on the same 10,000 test samples into the catalogue of the program's folder
 * `home` and, with scores, evaluation, figures and a sheet of mistakes made up from a seed, into folders below it. Gives their ids.
 */
export function seedEvaluatedRuns(home: string, count: number): string[] {
  const random = RandomStream.from(11, 'evaluated runs');
  const labels = Uint8Array.from({ length: samples }, (_, i) => (i < samples / 2 ? 0 : 1));
  const sampleIndex = Int32Array.from(labels, (_, i) => i);
  const results = Array.from({ length: different }, (_, k) => {
    const scores = new Map(
      layers.map((layer) => [layer, Float32Array.from(labels, (label) => random.normal() + (1 + k / 2) * label)]),
    );
    const metrics = Object.fromEntries(layers.map((layer) => [layer, evaluateScores(scores.get(layer)!, labels)]));
    const figures = drawEvaluationFigures({ layers: metrics, about: {} }).map(({ name, svg }) => ({ name, svg }));
    return { scores, metrics, figures };
  });
  const sheet = noise(random);
  const catalogue = openCatalogue(cataloguePath(home));
  const ids = Array.from({ length: count }, (_, k) => {
    const { scores, metrics, figures } = results[k % different]!;
    const folder = join(home, 'runs', `evaluated-${k}`);
    const record = evaluatedRun(folder, k, metrics['all']!.AUC_ROC);
    mkdirSync(join(folder, 'figures'), { recursive: true });
    writeSpec(folder, {
      format: 1,
      kind: 'detector',
      spec: record.spec,
      seed: record.spec['seed'] as number,
      engine: record.engine,
      versions: record.versions,
      fingerprints: {},
      parents: [],
      created_at: record.created_at,
    });
    writeRecord(folder, record);
    writeScores(folder, { layers: scores, labels, sampleIndex });
    const about = { format: 1, ...record.spec, fingerprints: { test_clean: 'a', test_anomalous: 'b' } };
    writeFileSync(join(folder, 'eval.json'), toJsonText({ ...metrics, evaluation: about }));
    for (const { name, svg } of figures) writeFileSync(join(folder, 'figures', `${name}.svg`), svg);
    writeFileSync(join(folder, 'figures', 'mistakes.png'), sheet);
    catalogue.insert(record);
    return record.id;
  });
  catalogue.close();
  return ids;
}

/** About as many bytes as a sheet of twenty pictures has. */
function noise(random: RandomStream): Buffer {
  const side = 230;
  const canvas = createCanvas(side, side);
  const pen = canvas.getContext('2d');
  const image = pen.createImageData(side, side);
  for (let i = 0; i < image.data.length; i++) image.data[i] = 256 * random.uniform();
  pen.putImageData(image, 0, 0);
  return canvas.toBuffer('image/png');
}

/** The record of the `k`th finished run: each detector in turn, with one seed after another. */
export function evaluatedRun(folder: string, k: number, auroc: number): RunRecord {
  const detector = detectors[k % detectors.length]!;
  const time = new Date(Date.UTC(2026, 0, 1, 0, k)).toISOString();
  return {
    id: `20260101-${String(k).padStart(6, '0')}-many`,
    kind: 'detector',
    status: 'done',
    title: `${detector} on backdoor: corner`,
    folder,
    spec: {
      detector: { name: detector },
      task: { name: 'backdoor', run_path: 'classifier' },
      seed: Math.floor(k / detectors.length),
    },
    parents: [],
    metrics: { auroc },
    timings: { total: 20_000 },
    engine: 'wasm',
    versions: { cupbearer: '0.1.0' },
    error: null,
    created_at: time,
    started_at: time,
    ended_at: time,
    host_pid: null,
    host_started: null,
    tags: [],
    notes: '',
    pinned: false,
    archived: false,
  };
}
