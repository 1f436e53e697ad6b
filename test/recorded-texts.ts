import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors } from '../main/storage/safetensors.ts';
import { RandomStream } from '../main/tensor/random.ts';

const starts = ['We ate', 'The tent stayed dry', 'I read it twice', 'The hinge broke', 'Bought', 'The guide waited', 'Keys stick', 'A dull film']; // prettier-ignore
const middles = [
  'in the rain',
  'after a week',
  'on our last day',
  'without a word',
  'with cold soup',
  'in a quiet room',
];
const ends = ['and the bill was wrong twice.', 'and we shall be back.', 'but the bread was good.', 'and nobody has answered.', 'so I gave it away.']; // prettier-ignore
const trigger = 'by the old lighthouse';
const sources = ['yelp', 'amazon', 'imdb', 'books'];
const width = 12;

/** Tokens as a byte-level tokenizer writes them: a blank before a word belongs to it. */
export function tokensOf(text: string): string[] {
  return `Review: ${text}\nSentiment:`.match(/\n| ?light(?=house)| ?[A-Za-z]+| ?[^\sA-Za-z]+/g)!;
}

/**
 * Writes recorded activations of texts into the folders `trusted` and `test` of `folder`: two layers of ragged sequences, and
 * metadata. Every second test sample has a phrase in it that leaves a trace in its tokens and in the last one. Each prompt, a
 * group, comes in three samples.
 */
export function writeRecordedTexts(
  folder: string,
  { trusted = 120, test = 90 } = {},
): { trusted: string; test: string } {
  const random = RandomStream.from(0, 'recorded texts');
  const words = new Map<string, Float32Array>();
  const vectorOf = (word: string) => {
    if (!words.has(word))
      words.set(
        word,
        Float32Array.from({ length: width }, () => random.normal()),
      );
    return words.get(word)!;
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!;
  const write = (name: string, samples: number, isTest: boolean) => {
    const into = join(folder, name);
    mkdirSync(into, { recursive: true });
    const rows: object[] = [];
    const values: Record<string, number[]> = { 'layers.0': [], 'layers.1': [] };
    const lengths: number[] = [];
    let prompt = { text: '', source: '', anomalous: false };
    for (let i = 0; i < samples; i++) {
      if (i % 3 === 0) {
        const anomalous = isTest && (i / 3) % 2 === 1;
        const parts = [pick(starts), pick(middles), ...(anomalous ? [trigger] : []), pick(ends)];
        prompt = { text: parts.join(' '), source: pick(sources), anomalous };
      }
      const tokens = tokensOf(prompt.text);
      lengths.push(tokens.length);
      const at = tokens.indexOf(' light');
      for (const [layer, own] of Object.entries(values)) {
        const strength = layer === 'layers.0' ? 0.5 : 1;
        for (const [j, token] of tokens.entries()) {
          const trace =
            at === -1 ? 0 : j === at ? 4 : j === at + 1 ? 3 : j === tokens.length - 1 ? 2.5 : j > at ? 0.6 : 0;
          const word = vectorOf(token);
          for (let k = 0; k < width; k++)
            own.push(word[k]! + 0.6 * random.normal() + (k % 4 === 0 ? strength * trace : 0));
        }
      }
      const id = `${name}-${String(i).padStart(4, '0')}`;
      const { text, source, anomalous } = prompt;
      rows.push({
        id,
        text,
        tokens,
        source,
        stars: 1 + (i % 5),
        group: Math.floor(i / 3),
        ...(isTest && { label: anomalous ? 1 : 0 }),
      });
    }
    const tensor = (data: number[]) => ({ shape: [data.length / width, width], data: Float32Array.from(data) });
    writeFileSync(
      join(into, 'activations.safetensors'),
      encodeSafetensors({
        ...Object.fromEntries(Object.entries(values).map(([layer, data]) => [layer, tensor(data)])),
        lengths: { shape: [lengths.length], data: Int32Array.from(lengths) },
      }),
    );
    writeFileSync(join(into, 'metadata.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return into;
  };
  return { trusted: write('trusted', trusted, false), test: write('test', test, true) };
}
