import type { DatasetSummary } from '../../shared/domain/library.ts';
import { importDataset, type ImportRequest } from '../data/own/import-dataset.ts';
import { datasetSummary } from './dataset-summaries.ts';
import type { InspectionContext } from './inspection.ts';

/**
 * Imports a folder as a dataset. Resolves with its summary and what was left out.
 * @throws CupbearerError as `importDataset`.
 */
export async function importNamed(
  request: ImportRequest,
  context: InspectionContext,
): Promise<{ dataset: DatasetSummary; leftOut: string | null }> {
  const { name, leftOut = null } = await importDataset(request, context);
  return { dataset: await datasetSummary({ name }, context), leftOut };
}
