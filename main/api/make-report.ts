import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { reportFormats } from '../../shared/contract.ts';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { numbersCsv, numbersJson, scoresCsv } from '../reports/data-files.ts';
import { zipOf } from '../reports/figure-archive.ts';
import { htmlReport } from '../reports/html.ts';
import { markdownReport } from '../reports/markdown.ts';
import { runLetter, type Report, type ReportedRun } from '../reports/report.ts';
import { figureNames, runFigures, type FigureChoice } from '../reports/run-figures.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { holdsRun, readScores, readSpec } from '../storage/run-folder.ts';
import { compareRuns, toComparison } from './compare.ts';
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
/** Every pair is compared; beyond this there would be hundreds. */
const mostCompared = 12;

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
  records: readonly RunRecord[],
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
      return figuresOf(records, '.svg');
    case 'figures-png':
      return figuresOf(records, '.png');
  }
}

function gather(
  workbench: Workbench,
  summaries: RunSummaries,
  records: readonly RunRecord[],
  { title, question = '', notes = '' }: ReportRequest & { title: string },
  hasFigures: boolean,
): Report {
  const choice: FigureChoice = records.length <= mostInFull ? 'all' : records.length <= mostWithRoc ? 'main' : 'brief';
  let pictureBytes = 0;
  const runs = records.map((record): ReportedRun => {
    const result = existsSync(record.folder) ? runResult(workbench, record) : null;
    const sheet = join(record.folder, 'figures', 'mistakes.png');
    const mistakes = hasFigures && existsSync(sheet) ? readFileBytes(sheet) : null;
    pictureBytes += mistakes?.length ?? 0;
    const names = result ? figureNames(Object.keys(result.layers), result.headline, choice) : ['training'];
    const words = result ? { ...result.words, aggregation: result.aggregation } : {};
    const evaluation = result && { layers: result.layers, about: {} };
    return {
      record,
      summary: summaries.get(record.id),
      spec: holdsRun(record.folder) ? readSpec(record.folder) : null,
      command: repeatCommand(record),
      result,
      figures: hasFigures ? runFigures(record.folder, names, evaluation, words) : [],
      mistakes: pictureBytes <= mostPictureBytes ? mistakes : null,
    };
  });
  const evaluated = runs.filter(({ result }) => result !== null);
  const isCompared = evaluated.length > 1 && evaluated.length <= mostCompared;
  const comparison = isCompared ? compare(workbench, summaries, evaluated) : { differences: [], pairs: [] };
  const placeOf = (k: number) => runs.indexOf(evaluated[k]!);
  return {
    title,
    question,
    notes,
    createdAt: new Date().toISOString(),
    runs,
    // A run without an evaluation has no value of its own.
    differences: comparison.differences.map(({ key, values }) => ({
      key,
      values: runs.map((run) => values[evaluated.indexOf(run)] ?? null),
    })),
    pairs: comparison.pairs.map((pair) => ({ ...pair, a: placeOf(pair.a), b: placeOf(pair.b) })),
  };
}

function compare(workbench: Workbench, summaries: RunSummaries, runs: readonly ReportedRun[]) {
  const ids = runs.map(({ record }) => record.id);
  const { differences, pairs } = toComparison(compareRuns(workbench, ids), summaries);
  return { differences, pairs };
}

function scoresOf(summaries: RunSummaries, records: readonly RunRecord[]): string {
  const scored = records.filter(({ folder }) => existsSync(join(folder, 'scores')));
  if (scored.length === 0)
    throw new CupbearerError('not-found', 'None of these runs has scores.', {
      hint: 'Runs that fit or evaluate a detector have.',
    });
  return scoresCsv(
    scored.map(({ id, folder }) => ({ id, detector: summaries.get(id).detector, scores: readScores(folder) })),
  );
}

function figuresOf(records: readonly RunRecord[], extension: '.svg' | '.png'): Uint8Array<ArrayBuffer> {
  const files = records.flatMap((record, i) => {
    const folder = join(record.folder, 'figures');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(extension)) : [];
    const place = records.length === 1 ? '' : `${runLetter(i)} ${fileName(record.title, 'html')}/`;
    return names.map((name) => [`${place}${name}`, readFileBytes(join(folder, name))] as const);
  });
  if (files.length === 0) throw new CupbearerError('not-found', 'None of these runs has figures.');
  return zipOf(new Map(files));
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
