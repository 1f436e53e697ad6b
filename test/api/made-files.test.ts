import { writeFileSync } from 'node:fs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mostPartBytes } from '../../shared/domain/upload.ts';
import { fetchFile } from '../../shared/fetch-file.ts';
import { cupbearerHome } from '../../main/storage/home.ts';
import { failure, temporaryApplication } from './app-client.ts';

const scratch = () => readdirSync(join(cupbearerHome(), 'scratch')).filter((name) => name.includes('made'));

/** Writes these bytes as a report is written. */
const writing = (bytes: Uint8Array) => (path: string) => {
  writeFileSync(path, bytes);
  return Promise.resolve({ name: 'a.bin', type: 'application/x-a', bytes: bytes.length });
};

describe('files that were made', () => {
  it.each([0, 1, mostPartBytes, 2.5 * mostPartBytes])('of %d bytes arrive in parts and are gone', async (length) => {
    const { application, client } = temporaryApplication();
    const bytes = Uint8Array.from({ length }, (_, k) => (k * 31) % 251);
    const sizes: number[] = [];
    const part = async (input: { id: string; start: number }) => {
      const found = await client.files.part(input);
      sizes.push(found.size);
      return found;
    };
    const made = await application.made.make(writing(bytes));
    expect(scratch()).toHaveLength(1);
    const file = await fetchFile({ part, drop: client.files.drop }, made);
    expect([file.name, file.type]).toEqual(['a.bin', 'application/x-a']);
    expect(Buffer.compare(await file.bytes(), bytes)).toBe(0);
    expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(mostPartBytes);
    expect(scratch()).toEqual([]);
    expect(await failure(client.files.part({ id: made.id, start: 0 }))).toMatchObject({ data: { code: 'not-found' } });
    await client.files.drop({ id: made.id });
  });

  it('are refused where one ends early, and dropped all the same', async () => {
    const { application, client } = temporaryApplication();
    const { bytes, ...made } = await application.made.make(writing(new Uint8Array(10)));
    await expect(fetchFile(client.files, { ...made, bytes: bytes + 1 })).rejects.toThrow('expected 11 bytes, found 10');
    expect(scratch()).toEqual([]);
  });

  it('leave nothing where making one fails', async () => {
    const { application } = temporaryApplication();
    await expect(application.made.make(() => Promise.reject(new Error('no report')))).rejects.toThrow('no report');
    expect(scratch()).toEqual([]);
  });

  it('wait a few at once, and go with the program', async () => {
    const { application } = temporaryApplication();
    const { made } = application;
    const all = await Promise.all(Array.from({ length: 8 }, () => made.make(writing(new Uint8Array(1)))));
    await expect(made.make(writing(new Uint8Array(1)))).rejects.toMatchObject({ code: 'conflict' });
    await made.drop(all[0]!.id);
    await made.make(writing(new Uint8Array(1)));
    await made.close();
    expect(scratch()).toEqual([]);
  });
});
