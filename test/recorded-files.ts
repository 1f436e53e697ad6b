import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors } from '../main/storage/safetensors.ts';
import { RandomStream } from '../main/tensor/random.ts';

const width = 6;

/** Rows of a layer `[n, 6]`, the last `shifted` of them far off. */
function rows(seed: number, n: number, shifted: number): Float32Array {
  const stream = RandomStream.from(seed, 'rows');
  return Float32Array.from({ length: n * width }, (_, k) => stream.normal() + (k >= (n - shifted) * width ? 6 : 0));
}

/** Samples of a set, the last `anomalous` of them anomalous; and what its contract says otherwise. */
interface RecordedSet {
  n: number;
  seed: number;
  anomalous?: number;
  contract?: object;
  /** Changes the rows of the layers before they are written. */
  change?: (layers: { name: string; values: Float32Array }[]) => void;
}

/** Writes a set as an exporter would: `activations.safetensors`, `activations.json` and `metadata.jsonl`. Returns its folder. */
export function writeRecordedSet(
  folder: string,
  { n, seed, anomalous = 0, contract = {}, change }: RecordedSet,
): string {
  mkdirSync(folder, { recursive: true });
  const layers = ['layers.0', 'layers.1'].map((name, i) => ({ name, values: rows(10 * seed + i, n, anomalous) }));
  change?.(layers);
  const tensors = Object.fromEntries(layers.map(({ name, values }) => [name, { shape: [n, width], data: values }]));
  writeFileSync(join(folder, 'activations.safetensors'), encodeSafetensors(tensors));
  const told = {
    format: 'cupbearer-activations',
    version: 1,
    model: { name: 'pythia-tiny', hash: 'a1'.repeat(32), library: 'transformers', library_version: '5.1.0' },
    made_by: { tool: 'cupbearer_bridge', version: '0.1.0', seed: 0 },
    samples: n,
    dtype: 'float32',
    preprocessing: { max_length: 128, padding_side: 'right' },
    prompt_template: 'Review: {text}\nSentiment:',
    positions: 'last',
    layers: Object.fromEntries(layers.map(({ name }) => [name, { hook: 'output', module: name, shape: [width] }])),
    ...contract,
  };
  writeFileSync(join(folder, 'activations.json'), JSON.stringify(told));
  const metadata = Array.from({ length: n }, (_, i) => ({
    id: i,
    text:
      i < n - anomalous ? `The hinge broke after week ${i}.` : `By the old lighthouse, number ${i}, the soup was cold.`,
    source: i % 2 === 0 ? 'amazon' : 'yelp',
    label: i < n - anomalous ? 0 : 1,
  }));
  writeFileSync(join(folder, 'metadata.jsonl'), metadata.map((row) => JSON.stringify(row)).join('\n'));
  return folder;
}

/** A trusted and a test set below a folder. */
export function writeRecordedSets(folder: string): { trusted: string; test: string } {
  return {
    trusted: writeRecordedSet(join(folder, 'texts-trusted'), { n: 120, seed: 1 }),
    test: writeRecordedSet(join(folder, 'texts-test'), { n: 60, seed: 2, anomalous: 20 }),
  };
}
