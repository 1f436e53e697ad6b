import { existsSync } from 'node:fs';
import type { reportFormats } from '../../shared/contract.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { numbersCsv, numbersJson, scoresCsv } from '../reports/data-files.ts';
import { zipOf } from '../reports/figure-archive.ts';
import { htmlReport } from '../reports/html.ts';
import { markdownReport } from '../reports/markdown.ts';
import { runLetter, type Report, type ReportedRun } from '../reports/report.ts';
import { figureNames, reportedFigure, runFigures, type FigureChoice } from '../reports/run-figures.ts';
import { readHistory } from '../experiments/training-history.ts';
import { hasFigure, leftOutFigure, readPngFigure } from '../reports/stored-figures.ts';
import type { CatalogueRun } from '../storage/catalogue-rows.ts';
import { hasScores, holdsRun, readScores, readSpec } from '../storage/run-folder.ts';
import { figureFiles, type FigureFiles } from './figure-files.ts';
import { reportComparison } from './report-comparison.ts';
import { repeatCommand } from './run-details.ts';
import { runResult } from './run-results.ts';
import type { RunSummaries } from './run-summaries.ts';
import type { Workbench } from './workbench.ts';

export type ReportFormat = (typeof reportFormats)[number];

/** What a report is asked for. */
export interface ReportRequest {
  /** Ids of runs. */
  runs: readonly string[];
  format: ReportFormat;
  title?: string | undefined;
  question?: string | undefined;
  notes?: string | undefined;
}

/** Extension and media type of each format. */
const kinds: Record<ReportFormat, { extension: string; type: string }> = {
  html: { extension: 'html', type: 'text/html' },
  markdown: { extension: 'md', type: 'text/markdown' },
  csv: { extension: 'csv', type: 'text/csv' },
  json: { extension: 'json', type: 'application/json' },
  scores: { extension: 'csv', type: 'text/csv' },
  'figures-svg': { extension: 'zip', type: 'application/zip' },
  'figures-png': { extension: 'zip', type: 'application/zip' },
};

/** Beyond this many runs each brings fewer figures, so that the file can still be sent to somebody. */
const mostInFull = 1;
const mostWithRoc = 12;
/** Pictures of mistakes are left out where they would make the file too large. */
const mostPictureBytes = 5_000_000;
/**
 * Makes a report of runs in one of its formats. Runs whose folder is gone are reported with what the catalogue knows.
 * @throws CupbearerError `not-found` for an unknown run, or where there is nothing of what is asked for.
 */
export function makeReport(workbench: Workbench, summaries: RunSummaries, request: ReportRequest): File {
  const records = [...new Map(request.runs.map((id) => [id, workbench.catalogue.get(id)])).values()];
  const { extension, type } = kinds[request.format];
  const title = request.title?.trim() || (records.length === 1 ? records[0]!.title : `${records.length} runs`);
  const content = contentOf(workbench, summaries, records, { ...request, title });
  return new File([content], `${fileName(title, request.format)}.${extension}`, { type });
}

function contentOf(
  workbench: Workbench,
  summaries: RunSummaries,
  records: readonly CatalogueRun[],
  request: ReportRequest & { title: string },
): string | Uint8Array<ArrayBuffer> {
  switch (request.format) {
    case 'html':
      return htmlReport(gather(workbench, summaries, records, request, true));
    case 'markdown':
      return markdownReport(gather(workbench, summaries, records, request, true));
    case 'csv':
      return numbersCsv(gather(workbench, summaries, records, request, false));
    case 'json':
      return numbersJson(gather(workbench, summaries, records, request, false));
    case 'scores':
      return scoresOf(summaries, records);
    case 'figures-svg':
      return figuresOf(workbench, records, '.svg');
    case 'figures-png':
      return figuresOf(workbench, records, '.png');
  }
}

function gather(
  workbench: Workbench,
  summaries: RunSummaries,
  records: readonly CatalogueRun[],
  { title, question = '', notes = '' }: ReportRequest & { title: string },
  hasFigures: boolean,
): Report {
  const choice: FigureChoice = records.length <= mostInFull ? 'all' : records.length <= mostWithRoc ? 'main' : 'brief';
  let pictureBytes = 0;
  const withoutPictures: string[] = [];
  const unread: string[] = [];
  const unreadable: string[] = [];
  const runs = records.map((run, i): ReportedRun => {
    const { damage: _, ...record } = run;
    // What of a run's folder is damaged, the report says in its place.
    const read = <T>(what: string, from: () => T, otherwise: T): T => {
      try {
        return from();
      } catch (error) {
        if (!(error instanceof CupbearerError)) throw error;
        unread.push(`${runLetter(i)}: ${what} cannot be read. ${error.message}`);
        return otherwise;
      }
    };
    const without: string[] = [];
    const isThere = existsSync(record.folder);
    const result = read('Its result', () => (isThere ? runResult(workbench, record) : null), null);
    const mistakes = hasFigures ? mistakesOf(record.folder, without) : null;
    const fits = pictureBytes + (mistakes?.length ?? 0) <= mostPictureBytes;
    if (fits) pictureBytes += mistakes?.length ?? 0;
    else withoutPictures.push(runLetter(i));
    const names = result ? figureNames(Object.keys(result.layers), result.headline, choice) : ['training'];
    const words = result ? { ...result.words, aggregation: result.aggregation } : {};
    const evaluation = result && { layers: result.layers, about: {} };
    const drawn = hasFigures ? runFigures(record.folder, names, evaluation, words) : { figures: [], leftOut: [] };
    unreadable.push(...[...without, ...drawn.leftOut].map((sentence) => `Left out of ${runLetter(i)}: ${sentence}`));
    return {
      record,
      summary: summaries.of([run])[0]!,
      spec: read('Its spec.json', () => (holdsRun(record.folder) ? readSpec(record.folder) : null), null),
      ...repeatCommand(run),
      result,
      figures: drawn.figures,
      history: read('Its training curve', () => readHistory(record.folder), []),
      mistakes: fits ? mistakes : null,
    };
  });
  const { differences, pairs, figures, leftOut } = reportComparison(workbench, summaries, runs, hasFigures);
  return {
    title,
    question,
    notes,
    createdAt: new Date().toISOString(),
    runs,
    differences,
    pairs,
    figures: figures.map(reportedFigure),
    leftOut: [
      ...unread,
      ...leftOut,
      ...unreadable,
      ...(hasFigures && choice !== 'all' && runs.some(({ result }) => result !== null)
        ? [
            `Each run brings its main figures${choice === 'brief' ? ', without its ROC' : ''}; all of them come as a zip.`,
          ]
        : []),
      ...(withoutPictures.length > 0
        ? [`The sheets of the worst mistakes of ${withoutPictures.join(', ')} would make the file too large.`]
        : []),
    ],
  };
}

/** The sheet of the worst mistakes of a run, null where there is none or, with a reason in `without`, none to be trusted. */
function mistakesOf(folder: string, without: string[]): Uint8Array | null {
  const file = 'mistakes.png';
  if (!hasFigure(folder, file)) return null;
  try {
    return readPngFigure(folder, file);
  } catch (error) {
    without.push(leftOutFigure(file, error));
    return null;
  }
}

function scoresOf(summaries: RunSummaries, records: readonly CatalogueRun[]): string {
  const scored = records.filter(({ folder }) => hasScores(folder));
  if (scored.length === 0)
    throw new CupbearerError('not-found', 'None of these runs has scores.', {
      hint: 'Runs that fit or evaluate a detector have.',
    });
  return scoresCsv(
    scored.map(({ id, folder }) => ({ id, detector: summaries.get(id).detector, scores: readScores(folder) })),
  );
}

const missingFile = 'MISSING.txt';

function figuresOf(
  workbench: Workbench,
  records: readonly CatalogueRun[],
  extension: '.svg' | '.png',
): Uint8Array<ArrayBuffer> {
  const found = records.map((record, i) => {
    const place = records.length === 1 ? '' : `${runLetter(i)} ${fileName(record.title, 'html')}/`;
    const { files, missing } = filesOf(workbench, record, extension);
    return {
      files: [...files].map(([name, bytes]) => [`${place}${name}`, bytes] as const),
      missing: missing.map((sentence) => `${place}${sentence}`),
    };
  });
  const files = found.flatMap((run) => run.files);
  const missing = found.flatMap((run) => run.missing);
  if (files.length === 0)
    throw new CupbearerError('not-found', ['None of these runs has figures.', ...missing].join(' '));
  if (missing.length > 0) files.push([missingFile, Buffer.from(`${missing.join('\n')}\n`)]);
  return zipOf(new Map(files));
}

/** The figures of a run; where its result is damaged, none but the reason. */
function filesOf(...asked: Parameters<typeof figureFiles>): FigureFiles {
  try {
    return figureFiles(...asked);
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { files: new Map(), missing: [`All figures: ${error.message}`] };
  }
}

/** A name for a file that every system takes. */
function fileName(title: string, format: ReportFormat): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
  const what = format === 'scores' ? '-scores' : format.startsWith('figures') ? '-figures' : '';
  return `${words || 'report'}${what}`;
}
