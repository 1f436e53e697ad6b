import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Command } from '../command.ts';

const folder = fileURLToPath(new URL('../../../../resources/python', import.meta.url));

/** Says where the Python package is that reads runs, for pip. */
export const pythonPath: Command = {
  name: 'python-path',
  summary: 'Where the Python package is that reads runs: pip install "$(npx cupbearer python-path)"',
  synopsis: '',
  flags: z.object({}),
  maxWords: 0,
  worksWithoutPlugins: true,
  run(_words, _given, output) {
    output.result({ path: folder }, () => folder);
    return Promise.resolve();
  },
};
