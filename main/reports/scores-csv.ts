import { csvText, type CsvRow } from '../../shared/csv.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import type { ScoreLayout } from '../storage/score-layout.ts';
import type { Scores } from '../storage/scores.ts';

/** A run whose scores are exported. */
export interface ScoredRun {
  id: string;
  detector: string;
  layout: Pick<ScoreLayout, 'samples' | 'layers'>;
  /** Reads its scores. */
  scores: () => Scores;
}

/** What a table may hold: no spreadsheet opens more. */
const mostRows = 2 ** 21;
const mostBytes = 2 ** 28;
/** Characters that are encoded at once. */
const blockLength = 2 ** 16;

/**
 * Returns scores sample by sample as CSV in UTF-8, block by block: a row a run and sample, a column a layer that any of the
 * runs has. One block, and the scores of one run, are in memory at a time.
 * @throws CupbearerError `usage` if the runs have more scores than a table may hold; while the blocks are read, what `scores`
 *   throws, too.
 */
export function scoresCsv(runs: readonly ScoredRun[]): Iterable<Uint8Array> {
  const rows = runs.reduce((total, { layout }) => total + layout.samples, 0);
  if (rows > mostRows) throw tooLarge(`${formatCount(mostRows)} rows`, formatCount(rows));
  return encoded(csvRows(runs));
}

function* csvRows(runs: readonly ScoredRun[]): Generator<CsvRow> {
  const layers = [...new Set(runs.flatMap(({ layout }) => layout.layers))];
  yield ['id', 'detector', 'sample_index', 'anomalous', 'true_class', 'predicted_class', ...layers];
  for (const { id, detector, scores: read } of runs) {
    const scores = read();
    const columns = layers.map((layer) => scores.layers.get(layer));
    for (const [i, label] of scores.labels.entries()) {
      yield [
        id,
        detector,
        scores.sampleIndex[i]!,
        label,
        scores.trueClass?.[i] ?? null,
        scores.predictedClass?.[i] ?? null,
        ...columns.map((column) => column?.[i] ?? null),
      ];
    }
  }
}

/** Rows of CSV, encoded block by block: as one text they would take several times the memory. */
function* encoded(rows: Iterable<CsvRow>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let length = 0;
  const encode = (text: string) => {
    const bytes = encoder.encode(text);
    length += bytes.length;
    if (length > mostBytes) throw tooLarge(formatBytes(mostBytes), 'more');
    return bytes;
  };
  let block = '';
  for (const row of rows) {
    block += csvText([row]);
    if (block.length < blockLength) continue;
    yield encode(block);
    block = '';
  }
  yield encode(block);
}

function tooLarge(most: string, found: string): CupbearerError {
  return new CupbearerError('usage', `Scores as CSV: expected at most ${most}, found ${found}.`, {
    hint: 'Ask for fewer runs at once, or read the files in the folder "scores" of each.',
  });
}
