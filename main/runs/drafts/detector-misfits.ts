import type { UnmetNeed } from '../../../shared/domain/draft.ts';
import { formatParameter } from '../../../shared/format.ts';
import type { Misfit } from '../../../shared/misfit.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { taskOffers } from '../../tasks/outline.ts';
import { pairingMisfits, type PairingView } from '../pairing.ts';
import { trainDetector } from '../train-detector.ts';
import { fieldAt, misfitMessage } from './fault-message.ts';
import { draftDetector, type DraftSubject } from './draft-specs.ts';
import { orNothing, viewDraft, type DraftView } from './draft-view.ts';

/**
 * Returns why one of a draft's detectors cannot be fitted on its task, with paths below the detector; nothing if its
 * values are invalid.
 */
export function detectorMisfits(detector: Picked, view: DraftView): Misfit[] {
  const parsed = orNothing(() => draftDetector(detector));
  return parsed ? pairingMisfits(parsed, pairingView(view)) : [];
}

/**
 * Returns, by id, why each detector cannot be fitted with default parameters on the tasks of a draft, those that it can be
 * fitted on all left out.
 */
export function unsuitedDetectors(tasks: readonly DraftSubject[], dataDir: string): Record<string, UnmetNeed> {
  const views = tasks.map(({ draft: { task } }, i) => ({ task, view: pairingView(viewDraft(tasks[i]!, dataDir)) }));
  const found = detectorRegistry.ids.flatMap((name) => {
    const unmet = views.flatMap(({ task, view }, place) => {
      const [misfit] = pairingMisfits(draftDetector({ name }), view);
      return misfit ? [{ misfit, place, values: { task, detector: { name } } }] : [];
    });
    const [first] = unmet;
    if (!first) return [];
    const { misfit, values } = first;
    const mends = (misfit.mends ?? []).map(({ path, value }) => mendOf(path, value, values));
    const need: UnmetNeed = {
      message: misfitMessage(misfit, values),
      lack: misfit.lacks === undefined ? misfit.message : lackWords(misfit.lacks, unmet.length, tasks.length),
      tasks: unmet.map(({ place }) => place),
      mends,
    };
    return [[name, need] as const];
  });
  return Object.fromEntries(found);
}

/** "None of the 4 tasks has untrusted data." */
function lackWords(what: string, lacking: number, tasks: number): string {
  if (tasks === 1) return `The task has no ${what}.`;
  if (lacking === tasks) return `None of the ${tasks} tasks has ${what}.`;
  return `${lacking} of ${tasks} tasks ${lacking === 1 ? 'has' : 'have'} no ${what}.`;
}

function mendOf(path: readonly string[], value: unknown, values: Record<string, unknown>): UnmetNeed['mends'][number] {
  const field = fieldAt(trainDetector.params, values, path);
  return {
    path: path.slice(1),
    value,
    label: field?.label ?? path.join('.'),
    written:
      typeof value === 'boolean'
        ? value
          ? 'on'
          : 'off'
        : field?.control === 'share' && typeof value === 'number'
          ? `${Number((value * 100).toPrecision(12))}\u00a0%`
          : formatParameter(value),
  };
}

function pairingView({ task, source }: DraftView): PairingView {
  return { source, offers: task && taskOffers(task) };
}
