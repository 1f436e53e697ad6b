import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashBytes, hashFile, hashJson } from '../../main/storage/content-hash.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';

// FIPS 180-2, appendix B.1.
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('hashes', () => {
  it('are SHA-256', () => {
    expect(hashBytes('abc')).toBe(abc);
    expect(hashBytes(new TextEncoder().encode('abc'))).toBe(abc);
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'abc');
    expect(hashFile(path)).toBe(abc);
  });

  it('of a file longer than a block are those of its bytes', () => {
    const bytes = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251);
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, bytes);
    expect(hashFile(path)).toBe(hashBytes(bytes));
  });

  it('tell where one part ends', () => {
    expect(hashBytes('ab', 'c')).not.toBe(hashBytes('a', 'bc'));
    expect(hashBytes('abc', '')).not.toBe(hashBytes('abc'));
  });

  it('of a missing file say so', () => {
    errorOf('not-found', () => hashFile(join(temporaryFolder(), 'gone')));
    errorOf('storage', () => hashFile(temporaryFolder()));
  });
});

describe('canonical JSON', () => {
  it('sorts keys at every depth and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'ü"', c: undefined })).toBe(
      '{"a":"ü\\"","b":[{"a":null,"z":1}]}',
    );
  });

  it('refuses what JSON would silently turn into null', () => {
    errorOf('internal', () => canonicalJson({ a: NaN }));
    errorOf('internal', () => canonicalJson([Infinity]));
    errorOf('internal', () => canonicalJson([undefined]));
  });

  it('does not depend on the order of keys, and reads back as the value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(hashJson(turned)).toBe(hashJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
