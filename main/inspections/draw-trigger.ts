import type { Picked } from '../../shared/schema/fields.ts';
import { loadDataset } from '../data/datasets/load.ts';
import type { Figure } from '../figures/figure.ts';
import { attackWithRun } from '../models/attack-with-run.ts';
import { startEngine } from '../tensor/engine.ts';
import { drawTriggerSheet } from '../runs/work/trigger-sheet.ts';
import type { InspectionContext } from './inspection.ts';

/** A dataset's first samples, to be shown with a trigger on them. */
interface TriggerQuestion {
  data: Picked;
  trigger: Picked;
  count: number;
  seed: number;
}

/** Draws samples clean, with a trigger, and their difference. Returns also what the user should know of the data. */
export async function drawTrigger(
  { data, trigger, count, seed }: TriggerQuestion,
  { dataDir, signal, progress }: InspectionContext,
): Promise<{ figure: Figure; warnings: string[] }> {
  const warnings: string[] = [];
  const context = {
    dataDir,
    seed,
    signal,
    progress: (done: number, total: number) => progress?.('Data', done, total),
    warn: (message: string) => warnings.push(message),
    attack: async (request: Parameters<typeof attackWithRun>[0]) => {
      // The same figure on every machine.
      await startEngine('wasm');
      return attackWithRun(request, signal);
    },
  };
  const { name, png, svg, description, table } = await drawTriggerSheet(
    await loadDataset(data, context),
    trigger,
    count,
    context,
  );
  return { figure: { name, png, svg, description, table }, warnings };
}
