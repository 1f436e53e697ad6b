import type { Misfit } from '../../../shared/misfit.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { taskOffers } from '../../tasks/outline.ts';
import { pairingMisfits, type PairingView } from '../pairing.ts';
import { draftDetector } from './draft-specs.ts';
import { orNothing, type DraftView } from './draft-view.ts';

/**
 * Returns why one of a draft's detectors cannot be fitted on its task, with paths below the detector; nothing if its
 * values are invalid.
 */
export function detectorMisfits(detector: Picked, view: DraftView): Misfit[] {
  const parsed = orNothing(() => draftDetector(detector));
  return parsed ? pairingMisfits(parsed, pairingView(view)) : [];
}

/**
 * Returns, by id, the first reason for each detector that cannot be fitted on the draft's task with default parameters.
 */
export function unsuitedDetectors(view: DraftView): Record<string, Misfit> {
  const found = detectorRegistry.ids.flatMap((id) => {
    const [misfit] = pairingMisfits(draftDetector({ name: id }), pairingView(view));
    return misfit ? [[id, misfit] as const] : [];
  });
  return Object.fromEntries(found);
}

function pairingView({ task, network }: DraftView): PairingView {
  return { network, offers: task && taskOffers(task) };
}
