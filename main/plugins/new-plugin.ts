import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CupbearerError } from '../../shared/errors.ts';
import { manifestName, manifestSchema, type PluginKind, type PluginManifest } from '../../shared/plugin/manifest.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { createFolder } from '../storage/create-folder.ts';
import { toJsonText } from '../storage/json-text.ts';
import { programVersion } from '../storage/program-version.ts';
import { readTextFile } from '../storage/read-file.ts';
import { entriesWithin, within } from '../storage/within-folder.ts';

/** What a new plugin is to add, and where its folder will be. */
interface WantedPlugin {
  kind: PluginKind;
  id: string;
  language: PluginManifest['language'];
  /** Does not exist yet, or is empty. */
  folder: string;
}

/**
 * Writes a plugin that works at once: one file with a definition, a test of it, the manifest and a README.
 * @throws CupbearerError `conflict` for a folder that holds something, `usage` for an id that is none.
 */
export function createPlugin({ kind, id, language, folder }: WantedPlugin): void {
  const isPython = language === 'python';
  const entry = `${kind}.${isPython ? 'py' : 'ts'}`;
  const manifest = parseParams(
    manifestSchema,
    {
      id,
      version: '0.1.0',
      language,
      entry,
      adds: [{ kind, id }],
      cupbearer: programVersion(),
      ...(isPython ? { python: '3.10', packages: ['numpy'] } : {}),
    },
    (path) => path.join('.'),
  );
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CupbearerError('conflict', `"${folder}" holds something already; nothing was written.`, {
      hint: 'Name another folder.',
    });
  const template = join(templatesFolder(), language, kind);
  const names = { PLUGIN_ID: id, PLUGIN_TITLE: inWords(id), PLUGIN_CLASS: inCamelCase(id) };
  createFolder(folder);
  for (const { name } of entriesWithin(within(template)).sort((a, b) => (a.name < b.name ? -1 : 1)))
    writeFileAtomically(within(folder, name), filled(readTextFile(within(template, name)), names), { exclusive: true });
  writeFileAtomically(within(folder, manifestName), toJsonText(manifest), { exclusive: true });
  writeFileAtomically(within(folder, 'README.md'), readme(manifest, kind), { exclusive: true });
  if (!isPython) linkTypes(folder);
}

function templatesFolder(): string {
  const installed = 'resourcesPath' in process ? join(String(process.resourcesPath), 'plugin-templates') : undefined;
  if (installed !== undefined && existsSync(installed)) return installed;
  // Put together, as an installed program has them elsewhere.
  const root = '../../';
  return fileURLToPath(new URL(`${root}resources/plugin-templates`, import.meta.url));
}

function filled(text: string, names: Readonly<Record<string, string>>): string {
  return text.replaceAll(/PLUGIN_[A-Z]+/g, (name) => names[name] ?? name);
}

/** `my-idea` is "My idea". */
function inWords(id: string): string {
  const words = id.replaceAll(/[-_]/g, ' ');
  return words[0]!.toUpperCase() + words.slice(1);
}

/** `my-idea` is "MyIdea". */
function inCamelCase(id: string): string {
  return id.replaceAll(/(?:^|[-_])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Lets editors and `node --test` find `cupbearer/plugin`, where the program lies as its sources do. Plugins run without it.
 */
function linkTypes(folder: string): void {
  const program = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  if (!existsSync(join(program, 'main', 'authoring', 'index.ts'))) return;
  try {
    createFolder(join(folder, 'node_modules'));
    symlinkSync(program, join(folder, 'node_modules', 'cupbearer'), 'junction');
  } catch {
    // A disk without links: only editors miss it.
  }
}

function readme({ id, entry, language }: PluginManifest, kind: PluginKind): string {
  const test = language === 'python' ? 'pytest' : 'node --test';
  return [
    `# ${inWords(id)}`,
    '',
    `A ${kind} for Cupbearer. \`${entry}\` says what it is, what its parameters are, and what it does.`,
    '',
    '```sh',
    'npx cupbearer check-plugin .   # tries it on toy data: what fails, why, and the line',
    `${test.padEnd(30)} # its own test`,
    'npx cupbearer plugin list      # what is on',
    'npx cupbearer plugin pack .    # one zip for others',
    '```',
    '',
    `Saved changes are used by the next run. The guide: docs/${kind === 'model' || kind === 'task' ? 'adding-a-task.md' : kind === 'detector' ? 'adding-a-detector.md' : 'plugins.md'}.`,
    '',
  ].join('\n');
}
