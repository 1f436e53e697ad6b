import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contractDifferences, readContract, type ActivationsContract } from '../../../main/data/stored/contract.ts';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import { floats, TestFolder } from './stored-files.ts';

const contract: ActivationsContract = {
  format: 'cupbearer-activations',
  version: 1,
  model: { name: 'bert', hash: 'ab', class: 'BertModel', library: 'transformers', library_version: '5.1.0' },
  made_by: { tool: 'cupbearer_bridge', version: '0.1.0', date: '2026-11-30T20:00:00Z', seed: 0 },
  samples: 2,
  dtype: 'float32',
  preprocessing: { tokenizer: 't', max_length: 128, padding_side: 'right' },
  prompt_template: null,
  positions: 'last',
  layers: { a: { hook: 'output', module: 'encoder.0', shape: [2] }, b: { hook: 'output', module: 'encoder.1' } },
  lengths: null,
  reference: { rows: [0], inputs: ['first text'], file: 'reference.safetensors' },
};

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

describe('the contract', () => {
  it('is read beside the activations', async () => {
    folder.tensors('activations.safetensors', { a: { shape: [2, 2], data: floats(4) } });
    folder.tensors('reference.safetensors', { a: { shape: [1, 2], data: floats(2) } });
    folder.write('activations.json', JSON.stringify(contract));
    const set = await openStoredSet(folder.path);
    expect(set.contract).toEqual(contract);
    expect(set.length).toBe(2);
    set.close();
  });

  it('is refused where it speaks of other samples', async () => {
    folder.npy('a.npy', [3, 2], floats(6));
    folder.write('activations.json', JSON.stringify(contract));
    await expect(openStoredSet(folder.path)).rejects.toThrow(
      'expected 2 samples, which activations.json says, found 3',
    );
  });

  it.each([
    [{ ...contract, version: 2 }, /activations\.json", version: /],
    [{ ...contract, samples: -1 }, /activations\.json", samples: /],
    [{ ...contract, positions: 'first' }, /activations\.json", positions: /],
    [{ ...contract, model: undefined }, /activations\.json", model: /],
    [[], /activations\.json", the whole: /],
  ])('names the field that does not fit', (value, message) => {
    const path = folder.write('activations.json', JSON.stringify(value));
    expect(() => readContract(path)).toThrow(message);
  });

  it('says in what two sets differ, and what each says', () => {
    expect(contractDifferences(contract, { ...contract, samples: 9, made_by: null, reference: null })).toEqual([]);
    const other: ActivationsContract = {
      ...contract,
      model: { ...contract.model, hash: 'cd', library_version: null },
      dtype: 'float16',
      preprocessing: { ...contract.preprocessing, max_length: 64 },
      prompt_template: 'Q: {}',
      positions: [-1],
      layers: { a: { hook: 'input', module: 'encoder.0' } },
    };
    expect(contractDifferences(contract, other)).toEqual([
      { field: 'model.hash', values: ['ab', 'cd'] },
      { field: 'model.library_version', values: ['5.1.0', null] },
      { field: 'dtype', values: ['float32', 'float16'] },
      { field: 'preprocessing.max_length', values: [128, 64] },
      { field: 'prompt_template', values: [null, 'Q: {}'] },
      { field: 'positions', values: ['last', [-1]] },
      { field: 'layers.a.hook', values: ['output', 'input'] },
      { field: 'layers.b.hook', values: ['output', null] },
      { field: 'layers.b.module', values: ['encoder.1', null] },
    ]);
    expect(contractDifferences(contract, { ...contract, layers: { b: contract.layers['b']! } }, ['b'])).toEqual([]);
  });
});
