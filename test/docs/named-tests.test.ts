import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a page says is tested, and where. */
const named = ['SECURITY.md', 'docs/reliability.md', 'CONTRIBUTING.md'].flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/`(test\/[\w./-]+)`/g)].map(
    (match) => [page, match[1]!] as const,
  ),
);

it.each(named)('%s names %s, which is there', (_, name) => {
  expect(existsSync(join(root, name))).toBe(true);
});

it('names the tests of each promise', () => {
  const promises = readFileSync(join(root, 'SECURITY.md'), 'utf8')
    .split('## Promises, and how they are tested')[1]!
    .split('## What it does not protect from')[0]!;
  expect(named.length).toBeGreaterThan(20);
  // What native code or the network does is said there, too, and not promised.
  const bold = promises.split(/^- (?=\*\*)/m).slice(1);
  const withoutTests = bold.filter((promise) => !/Tests:\s+`test\//.test(promise));
  expect(bold.length).toBeGreaterThan(10);
  expect(withoutTests).toEqual([]);
});
