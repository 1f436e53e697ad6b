import { estimateDraft } from './estimate-draft.ts';
import type { InspectionContext } from './inspection.ts';
import { previewDataset } from './preview-dataset.ts';
import { previewDraft } from './preview-draft.ts';
import { findSamples, runSamples } from './run-samples.ts';

/** Questions that need data or an engine, by name. A new one is its file and a line here. */
export const inspections = {
  'preview-dataset': previewDataset,
  'preview-draft': previewDraft,
  'run-samples': runSamples,
  'find-samples': findSamples,
  'estimate-draft': estimateDraft,
};

export type InspectionName = keyof typeof inspections;
export type Question<N extends InspectionName> = Parameters<(typeof inspections)[N]>[0];
export type Answer<N extends InspectionName> = Awaited<ReturnType<(typeof inspections)[N]>>;

/** Answers the question of this name. */
export function inspect<N extends InspectionName>(
  name: N,
  question: Question<N>,
  context: InspectionContext,
): Promise<Answer<N>> {
  const answer = inspections[name] as (question: Question<N>, context: InspectionContext) => Promise<Answer<N>>;
  return answer(question, context);
}
