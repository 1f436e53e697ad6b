import { resolve } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../../shared/errors.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { pluginKinds } from '../../../../shared/plugin/manifest.ts';
import { flag, optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { addFolder } from '../../../plugins/add-plugin.ts';
import { createPlugin } from '../../../plugins/new-plugin.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { shownPath } from '../results.ts';
import { allowOwn } from './plugin.ts';

const flags = z.object({
  python: flag({ label: 'Python', help: 'In Python rather than in TypeScript', default: false }),
  dir: z.object({
    full: optionalPath({
      label: 'Folder',
      help: 'Folder of the plugin; it must be new or empty; named by the id unless given',
    }),
  }),
});

/** Makes a plugin of one's own, which is on at once. */
export const newPlugin: Command = {
  name: 'new',
  summary: 'A detector, task, model, dataset or trigger of your own, which works at once',
  synopsis: `${pluginKinds.join('|')} ID [--python] [--dir.full FOLDER]`,
  notes:
    'The folder gets one file with a definition, a test of it, the manifest and a README. What you save in it is used by the next run.',
  flags,
  maxWords: 2,
  worksWithoutPlugins: true,
  async run([kind, id], given, output) {
    const { python, dir } = parseParams(flags, { dir: {}, ...given }, flagName);
    const known = pluginKinds.find((each) => each === kind);
    if (known === undefined || id === undefined)
      throw new CupbearerError(
        'usage',
        kind === undefined || known !== undefined
          ? 'new needs a kind and an id: new detector my-idea.'
          : unknownName('kind', kind, pluginKinds),
      );
    const at = resolve(dir.full ?? id);
    createPlugin({ kind: known, id, language: python ? 'python' : 'typescript', folder: at });
    await addFolder(at, { isDevelopment: true });
    output.note(`${shownPath(at)} is written. It is yours: what you save in it is allowed without asking.`);
    await allowOwn(id, output);
  },
};
