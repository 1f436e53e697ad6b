import type { Sentence } from '../../shared/wording.ts';

/** What a task has for a detector to learn from; what can be read off its source is the outline's. */
export interface TaskOffers {
  trusted: boolean;
  untrusted: boolean;
  /** Labels saying which untrusted samples are anomalous. */
  anomalyLabels: boolean;
  /** What gives a task of this kind what it lacks. */
  remedies?: Partial<Record<'trusted' | 'untrusted' | 'anomalyLabels', Remedy>>;
}

/** What to do, and the parameters of the task that do it, where they have values that anybody would give them. */
interface Remedy {
  hint: Sentence;
  values: Record<string, unknown>;
}
