import type { DatasetSummary } from '../../shared/domain/library.ts';
import { importDataset, type ImportRequest } from '../data/own/import-dataset.ts';
import { datasetSummary } from './dataset-summaries.ts';
import type { InspectionContext } from './inspection.ts';

/** Takes in a folder as a dataset, and describes what it has become. @throws CupbearerError as `importDataset`. */
export async function importNamed(request: ImportRequest, context: InspectionContext): Promise<DatasetSummary> {
  const name = await importDataset(request, context);
  return datasetSummary({ name }, context);
}
