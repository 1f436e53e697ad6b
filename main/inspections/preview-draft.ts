import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { taskRegistry } from '../tasks/index.ts';
import type { TaskPreview } from '../tasks/task.ts';
import { startEngine } from '../tensor/engine.ts';
import { draftClassifierData, draftTask, type DraftSubject } from '../runs/drafts/draft-specs.ts';
import type { InspectionContext, LoosePreview } from './inspection.ts';
import { drawIndices, showSamples } from './show-samples.ts';

/** What an unfinished draft may lack; anything else is a fault to be shown. */
const expected = ['usage', 'not-found', 'bad-data'];

/** Anomalous samples that take longer to compute are not shown. */
const patienceMs = 8000;

/** A few test samples of a draft's task, as they are and as its anomalies are; `draw` chooses which. */
export async function previewDraft(
  { subject, draw, count }: { subject: DraftSubject; draw: number; count: number },
  { dataDir, signal, datasets: cache }: InspectionContext,
): Promise<LoosePreview> {
  const patience = new AbortController();
  let closing: (() => void) | undefined;
  try {
    const { name, ...params } = draftTask(subject);
    const notes = new Set<string>();
    const warn = (about: string) => void notes.add(about);
    const context = { dataDir, signal: AbortSignal.any([signal, patience.signal]), cache, warn };
    const { watches } = taskRegistry.get(name);
    const preview =
      watches.what === 'records'
        ? await watches.preview(params, context)
        : await watches.preview(params, draftClassifierData(subject), context);
    closing = preview.close;
    const indices = drawIndices(preview.clean.length, count, draw);
    const { changed, note } = await changedSamples(preview, indices, patience, signal);
    const { clean, normal, isUnpaired = false } = preview;
    const others = changed && isUnpaired ? drawIndices(changed.length, count, draw) : indices;
    return {
      samples: showSamples(clean, isUnpaired ? undefined : changed, indices),
      normal: normal ? showSamples(normal, undefined, indices) : null,
      unpaired: changed && isUnpaired ? showSamples(changed, undefined, others) : null,
      note: [note, ...notes].filter((part) => part !== null).join(' ') || null,
    };
  } catch (error) {
    if (error instanceof CupbearerError && expected.includes(error.code))
      return { samples: { kind: 'none', reason: error.message }, normal: null, unpaired: null, note: null };
    throw error;
  } finally {
    closing?.();
  }
}

/** Returns the anomalous samples at `indices`, or why there are none. */
async function changedSamples(
  { changed, note = null }: { changed?: TaskPreview['changed']; note?: string | null },
  indices: Int32Array,
  patience: AbortController,
  signal: AbortSignal,
): Promise<{ changed?: Dataset; note: string | null }> {
  if (typeof changed !== 'function') return { ...(changed ? { changed } : {}), note };
  await startEngine('auto');
  const timer = setTimeout(() => patience.abort(), patienceMs);
  try {
    return { changed: await changed(indices), note };
  } catch (error) {
    if (signal.aborted || !patience.signal.aborted) throw error;
    return { note: `Computing the anomalous samples takes more than ${patienceMs / 1000}\u00a0s here.` };
  } finally {
    clearTimeout(timer);
  }
}
