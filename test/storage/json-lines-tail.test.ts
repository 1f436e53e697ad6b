import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JsonLinesTail } from '../../main/storage/json-lines-tail.ts';
import { temporaryFolder } from './fixtures.ts';

/** What it reads until there is no more. */
function allOf(tail: JsonLinesTail): object[] {
  const lines = tail.read();
  while (tail.hasMore) lines.push(...tail.read());
  return lines;
}

describe('following a file of lines', () => {
  it('gives whole lines as they come', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    const tail = new JsonLinesTail(path);
    expect(tail.read()).toEqual([]);
    writeFileSync(path, '{"a":1}\n{"a":');
    expect(tail.read()).toEqual([{ a: 1 }]);
    expect(tail.read()).toEqual([]);
    appendFileSync(path, '"ü"}\n');
    expect(tail.read()).toEqual([{ a: 'ü' }]);
  });

  it('starts over where the file has become shorter, and passes over what is no object', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    const tail = new JsonLinesTail(path);
    writeFileSync(path, '{"epoch":1}\n{"epoch":2}\nnonsense\n[1]\n');
    expect(tail.read()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    writeFileSync(path, '{"epoch":1}\n');
    expect(tail.read()).toEqual([{ epoch: 1 }]);
  });

  it('gives two thousand lines a call, all of them in their order', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    const line = (n: number) => `${JSON.stringify({ n })}\n`;
    writeFileSync(path, Array.from({ length: 4500 }, (_, n) => line(n)).join(''));
    const tail = new JsonLinesTail(path);
    const first = tail.read();
    expect([first.length, tail.hasMore]).toEqual([2000, true]);
    appendFileSync(path, `${line(4500)}{"n":`);
    const others = [tail.read(), tail.read()];
    expect([others.map((lines) => lines.length), tail.hasMore]).toEqual([[2000, 501], false]);
    expect([first, ...others].flat()).toEqual(Array.from({ length: 4501 }, (_, n) => ({ n })));
    expect([tail.read(), tail.hasMore]).toEqual([[], false]);
  });

  it('leaves nothing out while it goes on, however much comes meanwhile', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    writeFileSync(path, '{"n":1}\n'.repeat(3000));
    const tail = new JsonLinesTail(path);
    expect(tail.read()).toHaveLength(2000);
    appendFileSync(path, `${JSON.stringify({ text: 'x'.repeat(2 ** 20) })}\n`.repeat(20));
    expect(allOf(tail)).toHaveLength(1020);
  });

  it('starts over where the file becomes shorter while it goes on', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    writeFileSync(path, '{"n":1}\n'.repeat(3000));
    const tail = new JsonLinesTail(path);
    expect(tail.read()).toHaveLength(2000);
    writeFileSync(path, '{"n":2}\n'.repeat(100));
    expect([tail.read(), tail.hasMore]).toEqual([Array.from({ length: 100 }, () => ({ n: 2 })), false]);
  });

  it('reads the end of a file that is very long, line by line', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    const line = (n: number) => `${JSON.stringify({ n, text: 'x'.repeat(1000) })}\n`;
    writeFileSync(path, Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
    const tail = new JsonLinesTail(path);
    const numbers = allOf(tail).map((read) => (read as { n: number }).n);
    expect(numbers.at(-1)).toBe(19_999);
    expect(numbers.length).toBeGreaterThan(16_000);
    expect(numbers.length).toBeLessThan(17_000);
    expect(tail.read()).toEqual([]);
  });
});
