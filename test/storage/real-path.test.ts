import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realPathOf } from '../../main/storage/real-path.ts';

let place: string;

beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'cupbearer-real-')));
  mkdirSync(join(place, 'a', 'b'), { recursive: true });
  writeFileSync(join(place, 'a', 'file'), '');
  symlinkSync(join(place, 'a'), join(place, 'link'));
  symlinkSync(join(place, 'nowhere'), join(place, 'dangling'));
  symlinkSync(join(place, 'loop'), join(place, 'loop'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

it.each([
  ['a/b', 'a/b'],
  ['link/b', 'a/b'],
  ['link/new/er', 'a/new/er'],
  ['a/file/x', 'a/file/x'],
  ['new', 'new'],
])('follows the links in %s', (path, real) => {
  expect(realPathOf(join(place, path))).toBe(join(place, real));
});

it.each([
  ['up', 'link/../a'],
  ['a link to nothing', 'dangling'],
  ['what is below a link to nothing', 'dangling/x'],
  ['a loop', 'loop/x'],
  ['a name that is too long', 'x'.repeat(300)],
  ['no path', 'a\0b'],
])('does not tell where %s leads', (_, path) => {
  expect(realPathOf(`${place}/${path}`)).toBeUndefined();
});
