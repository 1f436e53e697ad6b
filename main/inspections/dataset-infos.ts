import { datasetInfo, listDatasets, type DatasetInfo } from '../data/dataset-info.ts';
import type { InspectionContext } from './inspection.ts';

/** Returns what is known of all datasets that are not the user's own, or of the one that is named. @throws CupbearerError `usage`. */
export function datasetInfos({ name }: { name?: string | undefined }, { dataDir }: InspectionContext): DatasetInfo[] {
  return name === undefined ? listDatasets(dataDir) : [datasetInfo(name, dataDir)];
}
