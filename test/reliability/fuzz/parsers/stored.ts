import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContract } from '../../../../main/data/stored/contract.ts';
import { openMetadata } from '../../../../main/data/stored/found-files.ts';
import { openStoredSet } from '../../../../main/data/stored/open-stored-set.ts';
import type { StoredSet } from '../../../../main/data/stored/stored-set.ts';
import { readShardIndex } from '../../../../main/data/stored/shard-index.ts';
import { fixtures, request } from '../../../data/stored/stored-files.ts';
import { bytesOf, jsonOf, type Parser } from '../parser.ts';
import { asFile } from '../scratch.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

/** Activations in a file, read to their numbers and their metadata. */
function activations(extension: string, seeds: () => Uint8Array[]): Parser {
  const name = `stored-${extension}`;
  return {
    name,
    seeds,
    async parse(input) {
      const set = await openStoredSet(asFile(input, name, `activations.${extension}`));
      try {
        const values: Record<string, Float32Array> = {};
        for (const layer of set.layers) values[layer.name] = await set.read(layer.name, [0, set.length - 1]);
        for (const column of set.metadata?.columns ?? []) set.metadata!.column(column);
        return { set, values };
      } finally {
        set.close();
      }
    },
    wrong(found) {
      const { set, values } = found as { set: StoredSet; values: Record<string, Float32Array> };
      const layer = set.layers.find(
        ({ name, shape, isRagged }) => !isRagged && values[name]!.length !== 2 * shape.reduce((a, b) => a * b, 1),
      );
      return layer && `The layer "${layer.name}" does not have the numbers of its shape.`;
    },
    shortRun: 200,
  };
}

function table(extension: string, seeds: () => Uint8Array[]): Parser {
  const name = `metadata-${extension}`;
  return {
    name,
    seeds,
    async parse(input) {
      const found = await openMetadata(asFile(input, name, `metadata.${extension}`));
      const rows = found.rows(Array.from({ length: found.length }, (_, row) => row));
      for (const column of found.columns) found.column(column);
      found.close();
      return rows;
    },
    shortRun: 200,
  };
}

const contract: Parser = {
  name: 'activations-json',
  seeds: () => [
    jsonOf({
      format: 'cupbearer-activations',
      version: 1,
      model: { name: 'm', hash: 'ab' },
      made_by: { tool: 'cupbearer_bridge', version: '0.1.0', date: '2026-11-30T20:00:00Z', seed: 0 },
      samples: 3,
      dtype: 'float32',
      preprocessing: { max_length: 128, padding_side: 'right' },
      prompt_template: null,
      positions: [-1, 0],
      layers: { a: { hook: 'output', module: 'a', shape: [3] } },
      lengths: null,
      reference: { rows: [0], inputs: ['x'], file: 'reference.safetensors' },
    }),
  ],
  parse: (input) => readContract(asFile(input, 'activations-json', 'activations.json')),
  isJson: true,
};

const index: Parser = {
  name: 'shard-index',
  seeds: () => [
    jsonOf({
      metadata: { total_size: 10 },
      weight_map: { a: 'a-1-of-2.safetensors' },
      cupbearer: { rows: { 'a-1-of-2.safetensors': [0, 2], 'a-2-of-2.safetensors': [2, 3] } },
    }),
  ],
  parse: (input) => readShardIndex(asFile(input, 'shard-index', 'model.safetensors.index.json')),
  isJson: true,
};

export const storedParsers: readonly Parser[] = [
  activations('safetensors', () => [fixture('types.safetensors'), new Uint8Array(request(3, 2, 4))]),
  activations('npy', () => [fixture('half.npy')]),
  activations('npz', () => [fixture('types.npz'), fixture('packed.npz')]),
  activations('parquet', () =>
    ['none', 'snappy', 'gzip', 'brotli', 'ragged'].map((name) => fixture(`${name}.parquet`)),
  ),
  table('csv', () => [bytesOf('id,text,label\n1,"one, ""two""\nthree",0\n2,four,1\n')]),
  table('jsonl', () => [bytesOf('{"id":1,"tokens":["o","ne"]}\n{"id":2,"label":1,"more":{"a":[1]}}\n')]),
  contract,
  index,
];
