import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Uploads } from '../../main/api/uploads.ts';
import { isTemporaryName } from '../../main/storage/temporary-names.ts';

function temporaryUploads() {
  const base = mkdtempSync(join(tmpdir(), 'cupbearer-uploads-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return { base, uploads: new Uploads(base) };
}

const piece = (path: string, start: number, text: string) => ({
  pieces: [{ path, start, bytes: text.length }],
  content: new Blob([text]),
});

describe('uploads', () => {
  it('put pieces behind one another, and let an import have the folder once', async () => {
    const { base, uploads } = temporaryUploads();
    const id = uploads.begin();
    await uploads.put(id, piece('cats/1.png', 0, 'one '));
    await uploads.put(id, piece('cats/1.png', 4, 'two'));
    await uploads.put(id, {
      pieces: [
        { path: 'dogs/a.png', start: 0, bytes: 0 },
        { path: 'dogs/b.png', start: 0, bytes: 2 },
      ],
      content: new Blob(['bb']),
    });
    const seen = await uploads.take(id, (folder) =>
      Promise.resolve(
        ['cats/1.png', 'dogs/a.png', 'dogs/b.png'].map((name) => readFileSync(join(folder, name), 'utf8')),
      ),
    );
    expect(seen).toEqual(['one two', '', 'bb']);
    expect(readdirSync(base)).toEqual([]);
    await expect(uploads.take(id, () => Promise.resolve())).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each(['../x', 'a/../../x', '/x', 'a//b', 'a\\..\\x', 'con', 'a\0b', ''])('refuse the path %j', async (path) => {
    const { base, uploads } = temporaryUploads();
    const id = uploads.begin();
    await expect(uploads.put(id, piece(path, 0, 'x'))).rejects.toMatchObject({ code: 'usage' });
    const [folder = '', ...others] = readdirSync(base);
    expect([isTemporaryName(folder), others]).toEqual([true, []]);
    expect(readdirSync(join(base, folder))).toEqual([]);
  });

  it.each([
    ['bytes that leave a gap', piece('a', 9, 'x'), 'usage'],
    ['bytes that are there already', piece('a', 1, 'x'), 'usage'],
    ['a file that is there already', piece('a', 0, 'x'), 'storage'],
    ['more bytes than came', { pieces: [{ path: 'b', start: 0, bytes: 5 }], content: new Blob(['x']) }, 'usage'],
    ['fewer bytes than came', { pieces: [{ path: 'b', start: 0, bytes: 1 }], content: new Blob(['xyz']) }, 'usage'],
  ])('refuse %s', async (_, part, code) => {
    const { uploads } = temporaryUploads();
    const id = uploads.begin();
    await uploads.put(id, piece('a', 0, 'four'));
    await expect(uploads.put(id, part)).rejects.toMatchObject({ code });
  });

  it('are a few at once, and go when they are dropped or the program ends', async () => {
    const { base, uploads } = temporaryUploads();
    const ids = Array.from({ length: 8 }, () => uploads.begin());
    expect(() => uploads.begin()).toThrow('8 uploads are in progress already.');
    await uploads.drop(ids[0]!);
    await uploads.drop(ids[0]!);
    expect(existsSync(join(base, ids[0]!))).toBe(false);
    uploads.begin();
    await uploads.close();
    expect(readdirSync(base)).toEqual([]);
  });

  it('are removed where the import fails', async () => {
    const { base, uploads } = temporaryUploads();
    const id = uploads.begin();
    await expect(uploads.take(id, () => Promise.reject(new Error('no dataset')))).rejects.toThrow('no dataset');
    expect(readdirSync(base)).toEqual([]);
  });
});
