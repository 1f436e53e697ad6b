import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { DraftSubject } from '../../runs/drafts/draft-specs.ts';
import type { Catalogue } from '../../storage/catalogue.ts';

/**
 * Returns a draft with the folder of the classifier that it names in the catalogue; null if there is none, or no
 * longer.
 */
export function draftSubject(catalogue: Catalogue, draft: ExperimentDraft): DraftSubject {
  const { classifier } = draft;
  if (classifier.source === 'train' || classifier.run === '') return { draft, classifierFolder: null };
  try {
    return { draft, classifierFolder: catalogue.get(classifier.run).folder };
  } catch (error) {
    if (error instanceof CupbearerError && error.code === 'not-found') return { draft, classifierFolder: null };
    throw error;
  }
}
