import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../main/data/dataset.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { upTo } from './toy-dataset.ts';

const load = (params: object = {}) =>
  loadDataset({ name: 'arithmetic', samples: 3000, max_operand: 9, ...params }, { dataDir: '/nowhere', seed: 0 });

/** The samples as words and answer. */
function read(dataset: Dataset): { words: string[]; answer: number }[] {
  const { inputs, labels } = dataset.read(upTo(dataset.length), 0);
  return upTo(dataset.length).map((i) => ({
    words: [...inputs.subarray(5 * i, 5 * i + 5)].map((token) => dataset.vocabulary![token]!),
    answer: labels[i]!,
  }));
}
const operands = (words: string[]) => [Number(words[1]), Number(words[3])] as [number, number];

describe('arithmetic', () => {
  it('answers rightly as Alice and by the quirk as Bob', async () => {
    for (const [quirk, wrong] of [
      ['one-more', (a: number, b: number) => a + b + 1],
      ['difference', (a: number, b: number) => Math.abs(a - b)],
    ] as const) {
      const samples = read(await load({ quirk }));
      for (const { words, answer } of samples) {
        const [a, b] = operands(words);
        expect([words[2], words[4]]).toEqual(['+', '=']);
        expect(answer).toBe(words[0] === 'Alice' ? a + b : wrong(a, b));
      }
      const alices = samples.filter(({ words }) => words[0] === 'Alice').length;
      expect(Math.abs(alices - 1500)).toBeLessThan(120);
    }
  });

  it('keeps the sums of the halves apart and uses all of them', async () => {
    const pairsOf = async (train: boolean) =>
      new Set(read(await load({ train })).map(({ words }) => words.slice(1).join(' ')));
    const [train, test] = [await pairsOf(true), await pairsOf(false)];
    expect([train.size, test.size]).toEqual([80, 20]);
    expect([...test].some((pair) => train.has(pair))).toBe(false);
  });

  it('has the names and the difficulty that are asked for', async () => {
    const names = async (which_names: string) =>
      new Set(read(await load({ names: 4, which_names })).map(({ words }) => words[0]));
    expect(await names('first')).toEqual(new Set(['Alice', 'Anna', 'Bob', 'Ben']));
    expect(await names('last')).toEqual(new Set(['Ada', 'Alma', 'Bill', 'Bert']));
    await expect(load({ which_names: 'first' })).rejects.toThrow('at least two for each character');
    const largest = async (difficulty: string) =>
      read(await load({ difficulty })).map(({ words }) => Math.max(...operands(words)));
    expect(Math.max(...(await largest('easy')))).toBe(4);
    expect(Math.min(...(await largest('hard')))).toBe(5);
  });

  it('has the same sums for both characters', async () => {
    const [alice, bob] = [read(await load({ character: 'alice' })), read(await load({ character: 'bob' }))];
    alice.forEach(({ words, answer }, i) => {
      expect(bob[i]!.words.slice(1)).toEqual(words.slice(1));
      expect(bob[i]!.answer).toBe(answer + 1);
    });
  });
});
