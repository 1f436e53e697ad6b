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
});
