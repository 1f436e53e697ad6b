import { z } from 'zod';
import { Registry, type Definition } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { requiredPath, type Picked } from '../../shared/schema/fields.ts';
import { requireRun } from '../storage/run-folder.ts';
import { isThere } from '../storage/within-folder.ts';
import { detectorFile } from './detector-file.ts';
import { command, worded } from '../../shared/wording.ts';

const fromRun: Definition = {
  id: 'from_run',
  title: 'From a run',
  summary: 'A detector that an earlier run has fitted',
  source: 'ejnnr/cupbearer, detectors.StoredDetector',
  params: z.object({ path: requiredPath({ label: 'Detector run', help: 'Run folder of the fitted detector' }) }),
};

/** Parameters that name the detector of an evaluation. */
export const fittedDetectorRegistry = new Registry<Definition>('detector', [fromRun]);

/** The path in a pick out of {@link fittedDetectorRegistry}. */
export const fittedDetectorPath = (detector: Picked) => String(detector['path']);

/** Returns the folder of the fitted detector that a spec names. @throws CupbearerError `not-found` if there is none. */
export function fittedDetectorFolder(detector: Picked): string {
  const folder = requireRun(fittedDetectorPath(detector));
  if (isThere(detectorFile(folder))) return folder;
  throw new CupbearerError('not-found', `There is no fitted detector in ${folder}: it has no detector.safetensors.`, {
    hint: worded`Fit one ${command('with: npx cupbearer train-detector --dir.full FOLDER', 'by a new experiment.')}`,
  });
}
