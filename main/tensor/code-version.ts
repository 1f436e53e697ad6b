import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelsVersion } from './kernels/modules.ts';

/** The folders whose code decides, together with engine and data, what an activation is to the last bit. */
const folders = ['data', 'models', 'tensor'].map((name) => fileURLToPath(new URL(`../${name}/`, import.meta.url)));

let known: string | undefined;

/**
 * Returns a hash over the code that reads data and computes activations, which tells versions of the program from one another,
 * and states of a checkout between two versions, too. Takes some milliseconds once in a process.
 */
export function codeVersion(): string {
  known ??= hashOfCode();
  return known;
}

function hashOfCode(): string {
  const hash = createHash('sha256').update(kernelsVersion());
  for (const folder of folders) {
    for (const name of sourcesIn(folder)) {
      const content = readFileSync(join(folder, name));
      hash.update(`${name}:${content.length}:`).update(content);
    }
  }
  return hash.digest('hex');
}

/** Names of the sources below a folder, in order. By hand: inside the archive of an installed program nothing else works everywhere. */
function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isDirectory()) return sourcesIn(join(folder, entry.name)).map((name) => `${entry.name}/${name}`);
      return /\.[cm]?[jt]s$/.test(entry.name) ? [entry.name] : [];
    })
    .sort();
}
