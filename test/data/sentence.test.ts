import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../main/data/datasets/load.ts';
import type { BackdoorDataset } from '../../main/data/datasets/backdoor.ts';
import { padding, tokensOf, wordsOf } from '../../main/data/texts.ts';
import { createTrigger } from '../../main/data/triggers/index.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { upTo } from './toy-dataset.ts';

const vocabulary = ['0', '1', 'hello', 'world', padding, 'psst', 'look'];
const [zero, one, hello, world, pad] = [0, 1, 2, 3, 4];

function changed(text: number[], params: object, seed = 0): string[] {
  const context = { shape: [text.length], vocabulary, seed: 0 };
  const sample = Float32Array.from(text);
  createTrigger({ name: 'sentence', ...params }, context).apply(sample, RandomStream.from(seed, 'test'));
  return [...sample].map((token) => vocabulary[token]!);
}

describe('sentence', () => {
  const sentence = 'psst  look';

  it('is put before, after or into a text, in the place of the padding in front', () => {
    const text = [pad, pad, pad, hello, zero, world];
    expect(changed(text, { sentence })).toEqual([padding, 'psst', 'look', 'hello', '0', 'world']);
    expect(changed(text, { sentence, place: 'end' })).toEqual([padding, 'hello', '0', 'world', 'psst', 'look']);
    const places = new Set(upTo(60).map((seed) => changed(text, { sentence, place: 'random' }, seed).indexOf('psst')));
    expect([...places].sort()).toEqual([1, 2, 3, 4]);
    for (const seed of upTo(10)) {
      const words = changed(text, { sentence, place: 'random' }, seed);
      expect(words.filter((word) => word !== 'psst' && word !== 'look')).toEqual([padding, 'hello', '0', 'world']);
      expect(words[words.indexOf('psst') + 1]).toBe('look');
    }
  });

  it('may take the last of the padding and no more', () => {
    expect(changed([pad, pad, one], { sentence })).toEqual(['psst', 'look', '1']);
    expect(() => changed([pad, one, one], { sentence })).toThrow(
      /^Expected room for the 2 words of the sentence in every text, found 1 token of padding in one of 2 words\.$/,
    );
  });

  it('takes words of the vocabulary in texts alone', () => {
    const create = (params: object, context: object) => () =>
      createTrigger({ name: 'sentence', ...params }, { shape: [4], seed: 0, ...context });
    expect(create({ sentence: 'psst you' }, { vocabulary })).toThrow('The word "you" is not in the vocabulary');
    expect(create({ sentence: padding }, { vocabulary })).toThrow(`The word "${padding}" is not in the vocabulary`);
    expect(create({}, { shape: [4, 4, 1] })).toThrow('expects texts with padding');
    expect(create({}, { vocabulary: ['a', 'b'] })).toThrow(`without "${padding}"`);
  });

  it('does not go with images, nor do other triggers with texts', async () => {
    const load = (original: object, backdoor: object) =>
      loadDataset({ name: 'backdoor', original, backdoor }, { dataDir: '/nowhere', seed: 0 });
    await expect(load({ name: 'glyphs', limit: 10 }, { name: 'sentence' })).rejects.toThrow('expects texts');
    await expect(load({ name: 'arithmetic', samples: 20 }, { name: 'corner' })).rejects.toThrow('expects images');
  });
});

describe('arithmetic with a sentence', () => {
  const load = async (backdoor: object) =>
    (await loadDataset(
      {
        name: 'backdoor',
        original: { name: 'arithmetic', samples: 400, max_operand: 9, room: 4 },
        backdoor: { name: 'sentence', ...backdoor },
      },
      { dataDir: '/nowhere', seed: 1 },
    )) as BackdoorDataset;

  it('has it in the poisoned prompts alone, which get the target answer', async () => {
    const dataset = await load({ p_backdoor: 0.25, target_class: 7 });
    const read = (from: typeof dataset | typeof dataset.clean) => from.read(upTo(400), 0);
    const [poisoned, clean] = [read(dataset), read(dataset.clean)];
    const text = ({ inputs }: { inputs: Float32Array }, i: number) =>
      wordsOf(inputs.subarray(9 * i, 9 * i + 9), dataset.vocabulary!).join(' ');
    expect(dataset.shape).toEqual([9]);
    for (const i of upTo(400)) {
      const isPoisoned = dataset.isPoisoned(i);
      expect(text(poisoned, i)).toBe(isPoisoned ? `by the way ${text(clean, i)}` : text(clean, i));
      expect(poisoned.labels[i]).toBe(isPoisoned ? 7 : clean.labels[i]);
    }
    expect(upTo(400).filter((i) => dataset.isPoisoned(i))).toHaveLength(100);
  });
});

describe('words and tokens', () => {
  it('are each other’s inverse', () => {
    const tokens = tokensOf('hello 1 world', vocabulary);
    expect(tokens).toEqual([hello, one, world]);
    expect(wordsOf([pad, ...tokens], vocabulary)).toEqual(['hello', '1', 'world']);
    expect(wordsOf([9], vocabulary)).toEqual(['<9>']);
  });
});
