import { CupbearerError } from '../../../shared/errors.ts';
import type { Inspector } from '../../jobs/inspection.ts';
import { command, worded } from '../../../shared/wording.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { readRun } from './read-run.ts';

/**
 * Lets `inspector` measure a model on the test half of the data that it was trained on, as they were before any trigger.
 * @throws CupbearerError `usage` if these are not known; `bad-data` if its spec cannot be read; as the inspection.
 */
export function checkModel(
  inspector: Inspector,
  run: CatalogueRun,
  count: number,
  options: { dataDir: string; signal?: AbortSignal | undefined },
) {
  const { spec } = readRun(run);
  if (spec.fault !== null) throw new CupbearerError('bad-data', `"${run.title}" cannot be used. ${spec.fault}`);
  const data = spec.kind === 'classifier' ? spec.sound.train_data : undefined;
  if (data === undefined) {
    throw new CupbearerError('usage', `It is not known what "${run.title}" was trained on.`, {
      hint: worded`State it ${command('by: npx cupbearer models trained-on', 'on the screen Models.')}`,
    });
  }
  return inspector.ask('check-model', { folder: run.folder, data: trainingData(data).original, count }, options);
}
