import type { DraftCheck, NetworkDescription } from '../../shared/domain/draft.ts';
import type { Fault } from '../../shared/domain/form.ts';
import { describeNetwork } from '../models/describe-network.ts';
import { draftFaults, unsuitedIn } from '../runs/drafts/draft-faults.ts';
import type { DraftSubject } from '../runs/drafts/draft-specs.ts';
import { draftSummaries, testSize } from '../runs/drafts/draft-summaries.ts';
import { requireNetwork, viewDraft } from '../runs/drafts/draft-view.ts';
import type { InspectionContext } from './inspection.ts';

/**
 * Returns what is wrong with a draft beside the faults that are `known`, its summaries, and which detectors do not suit
 * it.
 */
export function checkDraft(
  { subject, known = [] }: { subject: DraftSubject; known?: readonly Fault[] },
  { dataDir }: InspectionContext,
): DraftCheck {
  return {
    faults: draftFaults(subject, dataDir, known),
    summaries: draftSummaries(subject, dataDir),
    unsuited: unsuitedIn(subject, dataDir),
  };
}

/** What is known of a draft before it runs. */
export interface DraftDescription {
  network: NetworkDescription | undefined;
  /** Test samples of its task. */
  testSize: number | undefined;
}

/** Returns what can be said of a draft without loading any data; each part only where the draft determines it. */
export function describeDraft(subject: DraftSubject, { dataDir }: InspectionContext): DraftDescription {
  const view = viewDraft(subject, dataDir);
  return { network: view.network && describeNetwork(view.network.spec), testSize: testSize(view) };
}

/** Returns the network of a draft. @throws CupbearerError `usage`, `not-found`, `bad-data` that says what it lacks. */
export function draftNetworkDescription(subject: DraftSubject, { dataDir }: InspectionContext): NetworkDescription {
  return describeNetwork(requireNetwork(subject, dataDir));
}
