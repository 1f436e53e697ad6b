import { parseAnalysis, type Analysis } from '../../shared/domain/analysis.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { isThere, pathOf, within } from '../storage/within-folder.ts';

/** The file of an analysis, beside the folder of the same name with its arrays. */
export const analysisFile = 'analysis.json';

/** Returns the analysis in a run's folder; null if there is none. @throws CupbearerError `bad-data`. */
export function readAnalysis(folder: string): Analysis | null {
  const place = within(folder, analysisFile);
  return isThere(place) ? parseAnalysis(readJsonFile(place), pathOf(place)) : null;
}
