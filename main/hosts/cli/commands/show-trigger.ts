import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { CupbearerError } from '../../../../shared/errors.ts';
import { defaultPick, integer, optionalPath } from '../../../../shared/schema/fields.ts';
import { datasetRegistry } from '../../../data/datasets/index.ts';
import { poisonKeys } from '../../../data/datasets/training-data.ts';
import { triggerRegistry } from '../../../data/triggers/index.ts';
import { createFolder } from '../../../storage/create-folder.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';
import { shownPath } from '../results.ts';
import { withLibrary } from '../with-library.ts';
import { writeNamedFile } from '../write-named-file.ts';

/** Flags of `data show`. */
export const showFlags = {
  data: defaultPick(() => datasetRegistry, { label: 'Data', help: 'Dataset that is shown', default: 'glyphs' }),
  trigger: defaultPick(() => triggerRegistry, {
    label: 'Trigger',
    help: 'Trigger that is shown',
    default: 'corner',
    omit: ['p_backdoor', 'p_noise', 'cycle_class'],
  }),
  count: integer({ label: 'Samples', help: 'How many are shown', unit: 'samples', default: 8, min: 1, max: 100 }),
  seed: integer({
    label: 'Seed',
    help: "Decides a trigger's randomness, as a training's seed does",
    default: 0,
    min: 0,
  }),
  out: optionalPath({ label: 'Folder', help: 'Where the figure is written; the working folder unless given' }),
};
type ShowFlags = z.output<z.ZodObject<typeof showFlags>>;

/** Writes a sheet of a dataset's first samples clean, with a trigger, and their difference, as PNG and SVG. */
export async function showTrigger(
  { data, trigger, count, seed, out = '.' }: ShowFlags,
  dataDir: string,
  output: Output,
): Promise<void> {
  if (poisonKeys(data)) {
    throw new CupbearerError('usage', `--data takes the dataset without a trigger; got "${data.name}".`, {
      hint: 'Name the original dataset, and the trigger by --trigger.',
    });
  }
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Stopping.'));
  try {
    const { figure, warnings } = await withLibrary((library) =>
      library.ask(
        'draw-trigger',
        { data, trigger, count, seed },
        {
          dataDir,
          signal: interrupt.signal,
          onProgress: ({ phase, done, total }) => bars?.update(phase, done, total),
        },
      ),
    );
    for (const warning of warnings) bars?.print(warning);
    const named = { ...figure, name: `${figure.name}-${data.name}` };
    const folder = resolve(out);
    createFolder(folder);
    const files: string[] = [];
    for (const type of ['png', 'svg'] as const) {
      const path = join(folder, `${named.name}.${type}`);
      await writeNamedFile(path, named[type]);
      files.push(path);
    }
    bars?.finish();
    output.result({ files, description: named.description, table: named.table }, () =>
      [named.description, ...files.map((file) => shownPath(file))].join('\n'),
    );
  } finally {
    bars?.finish();
    interrupt.release();
  }
}
