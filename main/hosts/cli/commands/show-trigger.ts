import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { CupbearerError } from '../../../../shared/errors.ts';
import { defaultPick, integer, optionalPath } from '../../../../shared/schema/fields.ts';
import { datasetRegistry } from '../../../data/datasets/index.ts';
import { loadDataset } from '../../../data/datasets/load.ts';
import { triggerRegistry } from '../../../data/triggers/index.ts';
import { drawTriggerSheet } from '../../../experiments/trigger-sheet.ts';
import { writeFigureFiles } from '../../../experiments/figures.ts';
import { attackWithRun } from '../../../models/attack-with-run.ts';
import { startEngine } from '../../../tensor/engine.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';
import { shownPath } from '../results.ts';

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
export type ShowFlags = z.output<z.ZodObject<typeof showFlags>>;

/** Writes a sheet of a dataset's first samples clean, with a trigger, and their difference, as PNG and SVG. */
export async function showTrigger(
  { data, trigger, count, seed, out = '.' }: ShowFlags,
  dataDir: string,
  output: Output,
): Promise<void> {
  if (data.name === 'backdoor') {
    throw new CupbearerError('usage', '--data takes the dataset without a trigger; got "backdoor".', {
      hint: 'Name the original dataset, and the trigger by --trigger.',
    });
  }
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Stopping.'));
  try {
    const context = {
      dataDir,
      seed,
      signal: interrupt.signal,
      progress: (done: number, total: number) => bars?.update('Data', done, total),
      warn: (message: string) => bars?.print(message),
      attack: async (request: Parameters<typeof attackWithRun>[0]) => {
        // In the command's own process, where only the engine that comes with the program can be relied on not to end it.
        await startEngine('wasm');
        return attackWithRun(request, interrupt.signal);
      },
    };
    const figure = await drawTriggerSheet(await loadDataset(data, context), trigger, count, context);
    const named = { ...figure, name: `${figure.name}-${data.name}` };
    const folder = resolve(out);
    writeFigureFiles(folder, [named]);
    const files = ['png', 'svg'].map((type) => join(folder, `${named.name}.${type}`));
    bars?.finish();
    output.result({ files, description: named.description, table: named.table }, () =>
      [named.description, ...files.map((file) => shownPath(file))].join('\n'),
    );
  } finally {
    bars?.finish();
    interrupt.release();
  }
}
