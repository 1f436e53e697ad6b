import { runRegistry } from '../../runs/index.ts';
import { unknownName } from '../../../shared/definition.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { versions } from '../../api/versions.ts';
import { commonFlags, type Command } from './command.ts';
import { cache } from './commands/cache.ts';
import { compare } from './commands/compare.ts';
import { data } from './commands/data.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { engine } from './commands/engine.ts';
import { experiment } from './commands/experiment.ts';
import { experimentCommand } from './commands/experiments.ts';
import { models } from './commands/models.ts';
import { checkPlugin } from './commands/check-plugin.ts';
import { newPlugin } from './commands/new.ts';
import { plugin } from './commands/plugin.ts';
import { pythonPath } from './commands/python-path.ts';
import { report } from './commands/report.ts';
import { runs } from './commands/runs.ts';
import { serve } from './commands/serve.ts';
import { trash } from './commands/trash.ts';
import { parseFlags, readArguments } from './flags.ts';
import { flagHelp } from './help.ts';
import { outliveLostOutput } from './lost-output.ts';
import { createOutput, reportError } from './output.ts';
import { readyPlugins } from './ready-plugins.ts';

const commands: Command[] = [
  demo,
  ...runRegistry.definitions.map(experimentCommand),
  experiment,
  runs,
  trash,
  models,
  compare,
  report,
  data,
  newPlugin,
  checkPlugin,
  plugin,
  engine,
  cache,
  doctor,
  pythonPath,
  serve,
];

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'cupbearer: a workbench for mechanistic anomaly detection',
    '',
    'Usage: npx cupbearer COMMAND [--FLAG VALUE ...]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'npx cupbearer COMMAND -h lists the flags of a command, including those of the definitions that it picks:',
    '  npx cupbearer train-detector --detector mahalanobis --task backdoor -h',
  ].join('\n');
}

function commandHelp(command: Command, fields: readonly Field[], chosen: Record<string, unknown>): string {
  return [
    `npx cupbearer ${command.name} ${command.synopsis}`.trim(),
    command.summary,
    ...(command.notes ? ['', command.notes] : []),
    '',
    flagHelp(fields, chosen),
  ].join('\n');
}

/** Flags that were understood before one was not: help is shown for these, too. */
function chosenSoFar(
  flags: ReturnType<typeof readArguments>['flags'],
  fields: readonly Field[],
): Record<string, unknown> {
  return parseFlags(
    flags.filter(({ path }) => fields.some(({ key, type }) => key === path[0] && type.startsWith('pick'))),
    fields,
  );
}

/** Flags that every command has may also come before its name. */
function commandFirst(args: readonly string[]): string[] {
  const isCommon = (arg: string) => arg.startsWith('--') && arg.slice(2) in commonFlags.shape;
  const at = args.findIndex((arg) => !isCommon(arg));
  return at <= 0 ? [...args] : [args[at]!, ...args.slice(0, at), ...args.slice(at + 1)];
}

async function main(args: readonly string[]): Promise<number> {
  const wantsHelp = args.some((arg) => arg === '-h' || arg === '--help');
  const [name, ...rest] = commandFirst(args.filter((arg) => arg !== '-h' && arg !== '--help'));
  const mode = { json: args.includes('--json'), debug: args.includes('--debug') };
  try {
    if (name === undefined || name === 'help') {
      process.stdout.write(`${overview()}\n`);
      return name === undefined && !wantsHelp ? 2 : 0;
    }
    if (name === '--version') {
      process.stdout.write(`${versions()['cupbearer']}\n`);
      return 0;
    }
    const command = commands.find((candidate) => candidate.name === name.replaceAll('_', '-'));
    if (!command) {
      const known = commands.map((candidate) => candidate.name);
      throw new CupbearerError('usage', unknownName('command', name, known), {
        hint: 'npx cupbearer -h says what they do.',
      });
    }
    if (!command.worksWithoutPlugins) await readyPlugins(createOutput(mode.json));
    const schema = command.flags.extend(commonFlags.shape);
    const fields = describe(schema);
    const switches = fields.filter(({ type }) => type === 'flag').map(({ key }) => key);
    const { words, flags } = readArguments(
      rest.map((word) => command.short?.[word] ?? word),
      switches,
    );
    if (wantsHelp) {
      process.stdout.write(`${commandHelp(command, fields, chosenSoFar(flags, fields))}\n`);
      return 0;
    }
    if (words.length > command.maxWords) {
      const word = words[command.maxWords]!;
      throw new CupbearerError(
        'usage',
        word.startsWith('-')
          ? `"${word}" is not a flag: flags begin with two dashes.`
          : `"${word}" is not expected here; it follows no flag.`,
        { hint: `npx cupbearer ${command.name} -h lists the flags.` },
      );
    }
    const { json, debug: _, ...own } = parseFlags(flags, fields);
    await command.run(words, own, createOutput(json === true));
    return 0;
  } catch (error) {
    return reportError(error, mode);
  }
}

outliveLostOutput();
// Set rather than passed to exit(), so that what is written to a pipe still gets through.
process.exitCode = await main(process.argv.slice(2));
