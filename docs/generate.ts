/** Writes the reference pages: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { referencePages } from './reference-pages.ts';

for (const [name, text] of Object.entries(referencePages())) writeFileSync(new URL(name, import.meta.url), text);
