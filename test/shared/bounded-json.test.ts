import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBoundedJson, usualJsonBounds } from '../../shared/bounded-json.ts';
import { errorOf } from '../storage/fixtures.ts';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('bounded JSON', () => {
  it('is what JSON.parse makes of the text, however deep within the bound', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        const expected: unknown = JSON.parse(text);
        expect(parseBoundedJson(text)).toEqual(expected);
        const mostDepth = depthOf(expected);
        const mostBytes = Buffer.byteLength(text);
        expect(parseBoundedJson(text, { mostDepth, mostBytes })).toEqual(expected);
        errorOf('bad-data', () => parseBoundedJson(text, { mostDepth, mostBytes: mostBytes - 1 }));
        if (mostDepth > 0) errorOf('bad-data', () => parseBoundedJson(text, { mostDepth: mostDepth - 1, mostBytes }));
      }),
    );
  });

  it('refuses what is nested too deeply before anything is built, and says so', () => {
    expect(parseBoundedJson(nested(usualJsonBounds.mostDepth))).toBeInstanceOf(Array);
    for (const depth of [usualJsonBounds.mostDepth + 1, 1_000_000]) {
      expect(errorOf('bad-data', () => parseBoundedJson(nested(depth), usualJsonBounds, '"run.json"')).message).toBe(
        '"run.json": expected JSON nested at most 100 levels deep, found it nested deeper.',
      );
    }
  });

  it('does not count brackets inside of strings, behind quotes and backslashes', () => {
    const text = JSON.stringify({ '[[[': '{{{"[[[\\"', '\\': '\\\\"[[[' });
    expect(parseBoundedJson(text, { mostDepth: 1, mostBytes: 1000 })).toEqual(JSON.parse(text));
  });

  it('refuses text that is too large', () => {
    const bounds = { mostDepth: 1, mostBytes: 5 };
    expect(parseBoundedJson('"ü€"'.slice(0, 3) + '"', { mostDepth: 1, mostBytes: 7 })).toBe('ü€');
    expect(errorOf('bad-data', () => parseBoundedJson('"abcd"', bounds)).message).toBe(
      'The text: expected at most 5 bytes of JSON, found more.',
    );
  });

  it.each(['', '{', '"', '"\\', ']', '{"a":1}}', 'nul', '[1,]', '\\"'])('refuses %j, which is not JSON', (text) => {
    expect(errorOf('bad-data', () => parseBoundedJson(text)).message).toMatch(/^The text: expected JSON, found/);
  });
});
