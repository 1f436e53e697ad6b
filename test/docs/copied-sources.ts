import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copied = [
  'main',
  'shared',
  'renderer',
  'resources',
  'docs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'svelte.config.mjs',
];

/** A copy of the sources that a test changes as a page under docs/ says. */
export class CopiedSources {
  readonly folder = mkdtempSync(join(tmpdir(), 'cupbearer-additions-'));

  /** Files that were written or changed, each once. */
  #touched = new Set<string>();

  constructor() {
    for (const part of copied) cpSync(join(root, part), this.path(part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), this.path('node_modules'), 'junction');
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Writes a new file. */
  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text, { flag: 'wx' });
    this.#touched.add(path);
  }

  /** Changes a file in one place. @throws Error if the place is not there. */
  change(path: string, place: string | RegExp, replacement: string): void {
    const before = readFileSync(this.path(path), 'utf8');
    const after = before.replace(place, replacement);
    if (after === before) throw new Error(`${path} has nothing like ${String(place)}.`);
    writeFileSync(this.path(path), after);
    this.#touched.add(path);
  }

  /** Returns the files that `work` writes or changes, sorted. */
  touchedBy(work: () => void): string[] {
    this.#touched = new Set();
    work();
    return [...this.#touched].sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Returns the examples of a page under docs/ in a language, as they are printed. */
export function examplesOf(page: string, language: string): string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, named]) => named === language)
    .map(([, , example]) => example!);
}

/** Adds the screen of adding-a-screen.md: a folder and a line. */
export function addScreen(sources: CopiedSources): void {
  const [declaration] = examplesOf('adding-a-screen.md', 'ts');
  const [component] = examplesOf('adding-a-screen.md', 'svelte');
  sources.write('renderer/screens/tags/screen.ts', declaration!);
  sources.write('renderer/screens/tags/TagsScreen.svelte', component!);
  const table = 'renderer/screens/index.ts';
  sources.change(table, /^/, "import { tagsScreen } from './tags/screen.ts';\n");
  sources.change(table, '] as const', 'tagsScreen] as const');
}

/** Adds the column of adding-a-screen.md: an entry. */
export function addColumn(sources: CopiedSources): void {
  const [, column] = examplesOf('adding-a-screen.md', 'ts');
  sources.change('renderer/screens/runs/columns.ts', /^\];/m, `${column}];`);
}
