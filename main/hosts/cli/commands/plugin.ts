import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { unknownName } from '../../../../shared/definition.ts';
import type { PluginSummary } from '../../../../shared/domain/plugin.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatBytes } from '../../../../shared/format.ts';
import { flag, optionalPath, optionalText, parseParams } from '../../../../shared/schema/fields.ts';
import { given as present } from '../../../../shared/given.ts';
import { addFolder, addRepository, addZip, discardSources } from '../../../plugins/add-plugin.ts';
import { readContent } from '../../../plugins/content.ts';
import { environmentOf, findEnvironments } from '../../../plugins/environments.ts';
import { pythonFor } from '../../../plugins/python-for.ts';
import { packPlugin } from '../../../plugins/pack-plugin.ts';
import {
  changePlugin,
  changePlugins,
  installedPlugin,
  installedPlugins,
  type InstalledPlugin,
} from '../../../plugins/plugin-store.ts';
import { pluginSummary } from '../../../plugins/plugin-summary.ts';
import { allowContent, takeContent } from '../../../plugins/take-plugin.ts';
import { keptOutcome } from '../../../plugins/plugin-outcomes.ts';
import { programVersion } from '../../../storage/program-version.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';

const flags = z.object({
  allow: optionalText({
    label: 'Allow',
    help: 'SHA-256 of the content that is allowed without asking, as "plugin list --json" shows it',
  }),
  develop: flag({
    label: 'Develop',
    help: 'It is your own folder: what you save in it is allowed without asking from now on',
    default: false,
  }),
  python: optionalPath({
    label: 'Python',
    help: 'Interpreter of the environment that a plugin in Python runs in; the first that suits unless given',
  }),
  out: optionalPath({ label: 'Out', help: 'Zip that "pack" writes; ID-VERSION.zip unless given' }),
  yes: flag({ label: 'Yes', help: 'Allow what is shown without asking', default: false }),
});
type Flags = z.output<typeof flags>;

type Action = (words: readonly string[], given: Flags, output: Output) => Promise<void>;

const actions: Readonly<Record<string, { takes: string | undefined; run: Action }>> = {
  list: { takes: undefined, run: (_, _given, output) => list(output) },
  add: {
    takes: 'a folder, a zip or the address of a Git repository',
    run: ([source], given, output) => add(source!, given, output),
  },
  allow: { takes: 'the id of a plugin', run: ([id], given, output) => allow(id!, given, output) },
  enable: { takes: 'the id of a plugin', run: ([id], _, output) => enable(id!, true, output) },
  disable: { takes: 'the id of a plugin', run: ([id], _, output) => enable(id!, false, output) },
  remove: { takes: 'the id of a plugin', run: ([id], _, output) => remove(id!, output) },
  check: { takes: 'the id of a plugin', run: ([id], _, output) => settle(id!, output) },
  environments: { takes: 'the id of a plugin', run: ([id], _, output) => environments(id!, output) },
  pack: { takes: 'a folder', run: ([folder], given, output) => pack(folder!, given, output) },
};

export const plugin: Command = {
  name: 'plugin',
  summary: 'Detectors, tasks, models, datasets and triggers of your own or of others',
  synopsis:
    '[list | add FOLDER|ZIP|GIT-URL | allow ID | enable ID | disable ID | remove ID | check ID | environments ID | pack FOLDER] [--FLAG VALUE ...]',
  notes: [
    'A plugin is a program with your rights. Nothing of it runs before you have seen what it is and allowed exactly these files; files that',
    'change are asked for again. What it adds is then there wherever built-in ones are. "new" makes one, "check-plugin" tries it.',
  ].join('\n'),
  flags,
  short: { '-o': '--out' },
  maxWords: 2,
  worksWithoutPlugins: true,
  async run([name = 'list', ...words], given, output) {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw new CupbearerError('usage', unknownName('action', name, Object.keys(actions)));
    if (words.length > 0 !== (action.takes !== undefined))
      throw new CupbearerError(
        'usage',
        action.takes === undefined ? `plugin ${name} takes nothing else.` : `plugin ${name} needs ${action.takes}.`,
      );
    await action.run(words, parseParams(flags, given, flagName), output);
  },
};

async function summaryOf(installed: InstalledPlugin): Promise<PluginSummary> {
  const { python, folder } = installed;
  const environment = python === undefined ? undefined : await environmentOf(python, { folder });
  return pluginSummary(installed, { program: programVersion(), environment });
}

async function list(output: Output): Promise<void> {
  const plugins = await Promise.all(installedPlugins().map(summaryOf));
  output.result(plugins, () => {
    if (plugins.length === 0) return 'There are no plugins. npx cupbearer new detector my-idea makes one.';
    const rows = plugins.map(({ id, version, hash, state, language, adds, isDevelopment, folder }) => [
      id,
      `${version} ${hash.slice(0, 8)}`,
      isDevelopment && state === 'ready' ? 'ready, in development' : states[state],
      language === 'python' ? 'Python' : 'TypeScript',
      adds
        .map(({ kind, id: what }) => `${kind} ${what}`)
        .slice(0, 3)
        .join(', ') + (adds.length > 3 ? ` and ${adds.length - 3} more` : ''),
      shownPath(folder),
    ]);
    const table = textTable(['id', 'version, hash', 'state', 'language', 'adds', 'folder'], rows);
    const faults = plugins.flatMap(({ id, error }) => (error ? [`${id}: ${error.message}`] : []));
    return [table, ...(faults.length > 0 ? ['', ...faults] : [])].join('\n');
  });
}

const states: Readonly<Record<PluginSummary['state'], string>> = {
  ask: 'to allow',
  error: 'error',
  checking: 'to be looked at',
  ready: 'ready',
  off: 'off',
  gone: 'its folder is gone',
};

async function add(source: string, given: Flags, output: Output): Promise<void> {
  const id = await addFrom(source);
  const installed = installedPlugin(id);
  if (installed.allowed.at(-1)?.hash === readContent(installed.folder).hash && !given.develop) {
    await settle(id, output);
    return;
  }
  await allow(id, given, output);
}

async function addFrom(source: string): Promise<string> {
  if (!existsSync(source)) {
    if (/^(https|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(source)) return addRepository(source);
    throw new CupbearerError(
      'not-found',
      `"${source}" is neither a folder or zip that is there, nor the address of a Git repository.`,
    );
  }
  return statSync(source).isDirectory() ? addFolder(resolve(source)) : addZip(resolve(source));
}

/** Shows what a plugin is, asks, and runs it for the first time. */
async function allow(id: string, given: Flags, output: Output): Promise<void> {
  const installed = installedPlugin(id);
  const { hash, manifest } = readContent(installed.folder);
  const isPython = manifest.language === 'python';
  const python = isPython
    ? (given.python ?? installed.python ?? (await pythonFor(installed.folder, manifest)))
    : undefined;
  const summary = await summaryOf({ ...installed, ...present({ python }) });
  output.note(consentText(summary));
  if (given.allow !== undefined && given.allow !== hash)
    throw new CupbearerError('conflict', `Its content is ${hash}, not the ${given.allow} that you allow.`);
  await confirm(`Allow ${summary.title} ${summary.version}?`, {
    yes: given.yes || given.allow !== undefined,
    no: `The plugin "${id}" stays off.`,
  });
  await allowContent(id, { hash, isDevelopment: given.develop || installed.isDevelopment, python });
  await settle(id, output);
}

/** Allows what was written for the user just now, without asking. */
export async function allowOwn(id: string, output: Output): Promise<void> {
  const installed = installedPlugin(id);
  const { hash, manifest } = readContent(installed.folder);
  const python = manifest.language === 'python' ? await pythonFor(installed.folder, manifest) : undefined;
  await allowContent(id, { hash, isDevelopment: true, python });
  await settle(id, output);
}

/** What a person sees before allowing a plugin. */
function consentText(summary: PluginSummary): string {
  const { title, id, version, folder, files, bytes, commit, author, hash, adds, environment, allowed } = summary;
  const changed =
    allowed && allowed.hash !== hash
      ? `You allowed ${allowed.version} before; ${counted(allowed.changedFiles, 'file')} changed since.`
      : undefined;
  const lines: [string, string][] = [
    [
      'Folder',
      `${shownPath(folder)} (${counted(files, 'file')}, ${formatBytes(bytes)}${commit === undefined ? '' : `, Git commit ${commit.slice(0, 7)}`})`,
    ],
    ['Author', `${author ?? 'not named'} (as its manifest says; not checked)`],
    ['Content', `${hash} (SHA-256 of all files)`],
    [
      'Adds',
      adds
        .map((each) => `${each.kind} ${each.id}${each.summary === undefined ? '' : `: ${each.summary}`}`)
        .join('\n           '),
    ],
    ...(environment
      ? [['Runs in', `${environment.title}, Python ${environment.version} (${environment.python})`] as [string, string]]
      : []),
  ];
  return [
    `${title}${title === id ? '' : ` (${id})`} ${version}`,
    ...(changed === undefined ? [] : [changed]),
    'A plugin is a program with your rights: it can read and change your files and use the network. Allow it only if you trust',
    'whoever wrote it.',
    '',
    ...lines.map(([name, value]) => `${name.padEnd(10)} ${value}`),
    '',
  ].join('\n');
}

/** Asks what was allowed what it adds, and says how that went. */
async function settle(id: string, output: Output): Promise<void> {
  await takeContent(id, { program: programVersion() });
  const summary = await summaryOf(installedPlugin(id));
  const error = keptOutcome(summary.hash)?.error;
  if (error)
    throw new CupbearerError('plugin', `The plugin "${id}" is allowed, but does not load: ${error.message}`, {
      ...present({ hint: error.hint }),
      details: { ...present({ file: error.file, line: error.line }) },
    });
  output.result(
    summary,
    () =>
      `${summary.title} ${summary.version} is ready: ${summary.adds.map((each) => `${each.kind} ${each.id}`).join(', ')}.`,
  );
}

async function enable(id: string, isEnabled: boolean, output: Output): Promise<void> {
  const { allowed } = installedPlugin(id);
  if (isEnabled && allowed.length === 0)
    throw new CupbearerError('usage', `The plugin "${id}" was never allowed.`, {
      hint: `npx cupbearer plugin allow ${id} shows what it is and asks.`,
    });
  await changePlugin(id, (each) => ({ ...each, isEnabled }));
  output.result({ id, isEnabled }, () => `The plugin "${id}" is ${isEnabled ? 'on' : 'off'}.`);
}

async function remove(id: string, output: Output): Promise<void> {
  const installed = installedPlugin(id);
  await changePlugins((plugins) => plugins.filter((each) => each.id !== id));
  discardSources(installed);
  output.result({ id }, () => `The plugin "${id}" is no longer here. Runs made with it stay.`);
}

async function environments(id: string, output: Output): Promise<void> {
  const { folder, python } = installedPlugin(id);
  const found = await findEnvironments({ folder, ...readContent(folder).manifest });
  output.result(found, () =>
    textTable(
      ['', 'environment', 'Python', 'numpy', 'lacks', 'interpreter'],
      found.map((each) => [
        each.python === python ? '*' : '',
        each.title,
        each.version,
        each.numpy ?? 'none',
        each.problem ?? each.missing.join(', '),
        each.python,
      ]),
    ),
  );
}

function pack(folder: string, { out }: Flags, output: Output): Promise<void> {
  const { manifest } = readContent(resolve(folder));
  const file = out ?? resolve(`${manifest.id}-${manifest.version}.zip`);
  const { hash, files } = packPlugin(resolve(folder), file);
  output.result({ file, hash }, () => `${shownPath(file)}: ${counted(files.length, 'file')}, content ${hash}.`);
  return Promise.resolve();
}
