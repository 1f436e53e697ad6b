import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { referencePages } from '../../docs/reference-pages.ts';

it.each(Object.entries(referencePages()))(
  'docs/%s says what the definitions say ("npm run docs" writes it)',
  (name, text) => {
    const stored = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    expect(stored.replaceAll('\r\n', '\n')).toBe(text);
  },
);
