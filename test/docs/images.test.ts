import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const images = readdirSync(join(root, 'docs/images'));
const pages = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })]
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(root, name === 'README.md' ? '' : 'docs', name), 'utf8'));

/** Every version of a picture stays in a clone for good. */
const mostBytes = 100_000;

describe('docs/images', () => {
  it.each(images)('%s is small, and a page shows it', (name) => {
    expect(statSync(join(root, 'docs/images', name)).size).toBeLessThan(mostBytes);
    expect(pages.some((page) => page.includes(`images/${name}`))).toBe(true);
  });

  it('has every picture that a page shows', () => {
    const shown = pages.flatMap((page) => [...page.matchAll(/images\/([\w.-]+\.(?:png|webp|svg))/g)]);
    for (const [, name] of shown) expect(images).toContain(name);
  });
});
