import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JsonLinesTail } from '../../main/storage/json-lines-tail.ts';
import { temporaryFolder } from './fixtures.ts';

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

  it('reads the end of a file that is very long, line by line', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    const line = (n: number) => `${JSON.stringify({ n, text: 'x'.repeat(1000) })}\n`;
    writeFileSync(path, Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
    const tail = new JsonLinesTail(path);
    const numbers = tail.read().map((read) => (read as { n: number }).n);
    expect(numbers.at(-1)).toBe(19_999);
    expect(numbers.length).toBeGreaterThan(16_000);
    expect(numbers.length).toBeLessThan(17_000);
    expect(tail.read()).toEqual([]);
  });
});
