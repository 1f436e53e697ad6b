import type { Preset } from '../../shared/domain/draft.ts';
import { listPresets } from '../runs/presets.ts';
import type { InspectionContext } from './inspection.ts';

/** Returns the presets for the data that are on this machine. */
export function presetsHere(_: object, { dataDir }: InspectionContext): Preset[] {
  return listPresets(dataDir);
}
