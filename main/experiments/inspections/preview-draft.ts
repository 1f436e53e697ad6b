import { CupbearerError } from '../../../shared/errors.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { draftClassifierData, draftTask, type DraftSubject } from '../drafts/draft-specs.ts';
import type { InspectionContext, LooseSamples } from './inspection.ts';
import { drawIndices, showSamples } from './show-samples.ts';

/** What a draft that is not finished may lack; everything else is a fault that must be told. */
const expected = ['usage', 'not-found', 'bad-data'];

/** A few training samples of a draft's task as they are, and as its anomalies are; `draw` chooses which. */
export async function previewDraft(
  { subject, draw, count }: { subject: DraftSubject; draw: number; count: number },
  { dataDir, signal, datasets: cache }: InspectionContext,
): Promise<LooseSamples> {
  try {
    const { name, ...params } = draftTask(subject);
    const classifier = draftClassifierData(subject);
    const context = { dataDir, signal, cache };
    const { clean, changed } = await taskRegistry.get(name).preview(params, classifier, context);
    return showSamples(clean, changed, drawIndices(clean.length, count, draw));
  } catch (error) {
    if (error instanceof CupbearerError && expected.includes(error.code))
      return { kind: 'none', reason: error.message };
    throw error;
  }
}
