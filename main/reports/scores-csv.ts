import { csvText, type CsvRow } from '../../shared/csv.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import { joinedBytes } from '../storage/joined-bytes.ts';
import type { ScoreLayout } from '../storage/score-layout.ts';
import type { Scores } from '../storage/scores.ts';

/** A run of which scores are told. */
export interface ScoredRun {
  id: string;
  detector: string;
  layout: Pick<ScoreLayout, 'samples' | 'layers'>;
  /** Reads its scores. */
  scores: () => Scores;
}

/** What a table may hold: more of it would not fit into memory beside the scores, nor does a spreadsheet open it. */
const mostRows = 2 ** 21;
const mostBytes = 2 ** 28;
/** Characters that are encoded at once. */
const blockLength = 2 ** 16;

/**
 * Returns scores sample by sample as CSV in UTF-8: a row a run and sample, a column a layer that any of the runs has. The
 * scores of one run at a time are in memory.
 * @throws CupbearerError `usage` where the runs have more scores than can be told at once; what `scores` throws.
 */
export function scoresCsv(runs: readonly ScoredRun[]): Uint8Array<ArrayBuffer> {
  const rows = runs.reduce((total, { layout }) => total + layout.samples, 0);
  if (rows > mostRows) throw tooLarge(`${formatCount(mostRows)} rows`, formatCount(rows));
  const layers = [...new Set(runs.flatMap(({ layout }) => layout.layers))];
  const text = new EncodedText();
  text.add(['id', 'detector', 'sample_index', 'anomalous', 'true_class', 'predicted_class', ...layers]);
  for (const { id, detector, scores: read } of runs) {
    const scores = read();
    const columns = layers.map((layer) => scores.layers.get(layer));
    for (const [i, label] of scores.labels.entries()) {
      text.add([
        id,
        detector,
        scores.sampleIndex[i]!,
        label,
        scores.trueClass?.[i] ?? null,
        scores.predictedClass?.[i] ?? null,
        ...columns.map((column) => column?.[i] ?? null),
      ]);
    }
  }
  return text.bytes();
}

/** Rows of CSV, encoded block by block: as one text they would take several times the memory. */
class EncodedText {
  readonly #encoder = new TextEncoder();
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;
  #block = '';

  add(row: CsvRow): void {
    this.#block += csvText([row]);
    if (this.#block.length >= blockLength) this.#encode();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#encode();
    return joinedBytes(this.#blocks);
  }

  #encode(): void {
    const bytes = this.#encoder.encode(this.#block);
    this.#block = '';
    this.#length += bytes.length;
    if (this.#length > mostBytes) throw tooLarge(formatBytes(mostBytes), 'more');
    this.#blocks.push(bytes);
  }
}

function tooLarge(most: string, found: string): CupbearerError {
  return new CupbearerError('usage', `Scores as CSV: expected at most ${most}, found ${found}.`, {
    hint: 'Ask for fewer runs at once, or read the files in the folder "scores" of each.',
  });
}
