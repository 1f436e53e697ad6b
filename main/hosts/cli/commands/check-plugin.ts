import { resolve } from 'node:path';
import { z } from 'zod';
import type { PluginCheck, PluginError } from '../../../../shared/domain/plugin.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatSeconds } from '../../../../shared/format.ts';
import { optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { checkFolder } from '../../../plugins/checks/check-folder.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';

const flags = z.object({
  python: optionalPath({
    label: 'Python',
    help: 'Interpreter that a plugin in Python runs in; that chosen for it, or the first that suits, unless given',
  }),
});

/** Tries what a plugin adds, as built-in definitions are tried. */
export const checkPlugin: Command = {
  name: 'check-plugin',
  summary: 'Try what a plugin adds on toy data: what fails, why, and the line',
  synopsis: 'FOLDER [--python PATH]',
  notes: 'Runs the plugin, which is a program with your rights.',
  flags,
  maxWords: 1,
  worksWithoutPlugins: true,
  async run([folder = '.'], given, output) {
    const { python } = parseParams(flags, given, flagName);
    const interrupt = abortOnInterrupt(() => output.note('\nEnding.'));
    const started = performance.now();
    try {
      const { error, checks } = await checkFolder(resolve(folder), {
        python,
        signal: interrupt.signal,
        tell: (check) => output.note(checkText(check)),
      });
      const ms = performance.now() - started;
      const failed = checks.filter(({ passed }) => !passed).length;
      if (error) output.note(errorText(error));
      output.result({ error: error ?? null, checks, seconds: ms / 1000 }, () =>
        error
          ? 'It does not load.'
          : `${checks.length - failed} of ${counted(checks.length, 'check')} pass, in ${formatSeconds(ms)}.`,
      );
      if (error || failed > 0)
        throw new CupbearerError('plugin', error ? 'The plugin does not load.' : `${counted(failed, 'check')} failed.`);
    } finally {
      interrupt.release();
    }
  },
};

function checkText({ name, definition, passed, reason, file, line }: PluginCheck): string {
  if (passed) return `pass  ${definition} ${name}`;
  return `FAIL  ${definition} ${name}\n      ${reason ?? ''}${placeText(file, line)}`;
}

function placeText(file: string | undefined, line: number | undefined): string {
  return file === undefined ? '' : ` (${file}${line === undefined ? '' : `, line ${line}`})`;
}

function errorText({ message, hint, file, line, lines = [] }: PluginError): string {
  const shown = lines.map(
    ({ number, text }) => `${number === line ? '>' : ' '} ${String(number).padStart(5)}  ${text}`,
  );
  return [`${message}${placeText(file, line)}`, ...shown, ...(hint === undefined ? [] : [hint])].join('\n');
}
