import { existsSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { reportFormats } from '../../shared/contract.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { slug } from '../../shared/slug.ts';
import { numbersCsv, numbersJson } from './data-files.ts';
import { zipOf } from './figure-archive.ts';
import { htmlReport } from './html.ts';
import { markdownReport } from './markdown.ts';
import { runLetter, type Report, type ReportedRun } from './report.ts';
import { publicPath, publicSpec, publicText, type RunNames } from '../runs/public-paths.ts';
import { figureNames, reportedFigure, runFigures, type FigureChoice } from './run-figures.ts';
import { readHistory } from '../runs/training-history.ts';
import { hasFigure, leftOutFigure, readPngFigure } from './stored-figures.ts';
import { writeFileAtomically, type Content } from '../storage/atomic-write.ts';
import { fileSize } from '../storage/read-file.ts';
import { hasScores, holdsRun, readScores, readSpec, scoreLayout } from '../storage/run-folder.ts';
import type { EvaluatedRun } from './compare/loaded-run.ts';
import { figureFiles, type FigureFiles } from './figure-files.ts';
import { reportComparison } from './report-comparison.ts';
import { runResult } from './run-results.ts';
import { scoresCsv } from './scores-csv.ts';
import { counted } from '../../shared/format.ts';

export type ReportFormat = (typeof reportFormats)[number];

/** A run as a report is made from it; its results are read from its folder. */
export interface ReportSource {
  record: RunRecord;
  /** What the report calls it. */
  heading: string;
  /** What of it a comparison needs. */
  evaluated: EvaluatedRun;
  summary: RunSummary;
  /** The command line that repeats it; null if there is none. */
  command: string | null;
  /** Why there is no such command. */
  noCommand: string | null;
}

/** The runs of a report and those that they build on. */
export interface ReportSources {
  runs: readonly ReportSource[];
  /** Runs that they build on, each after those that it builds on itself. */
  foundations: readonly ReportSource[];
  names: RunNames;
}

/** What a report is asked for. */
export interface ReportRequest extends ReportSources {
  format: ReportFormat;
  title?: string | undefined;
  question?: string | undefined;
  notes?: string | undefined;
  /** Path of the file that it is written to. */
  file: string;
}

/** A report that was written to its file. */
export interface WrittenReport {
  /** What to call the file. */
  name: string;
  /** Its media type. */
  type: string;
  /** Its size. */
  bytes: number;
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
 * Writes a report of runs in one of its formats to a file. Runs whose folder is gone are reported with what the
 * catalogue knows.
 * @throws CupbearerError `not-found` if there is nothing of what is asked for, `storage`.
 */
export function writeReport(request: ReportRequest): WrittenReport {
  const { runs, format, file } = request;
  const { extension, type } = kinds[format];
  const title = request.title?.trim() || (runs.length === 1 ? runs[0]!.heading : counted(runs.length, 'run'));
  const content = contentOf({ ...request, title });
  writeFileAtomically(file, content);
  return { name: `${fileName(title, format)}.${extension}`, type, bytes: fileSize(file) };
}

function contentOf(request: ReportRequest & { title: string }): Content {
  switch (request.format) {
    case 'html':
      return htmlReport(gather(request, true));
    case 'markdown':
      return markdownReport(gather(request, true));
    case 'csv':
      return numbersCsv(gather(request, false));
    case 'json':
      return numbersJson(gather(request, false));
    case 'scores':
      return scoresOf(request.runs);
    case 'figures-svg':
      return figuresOf(request, '.svg');
    case 'figures-png':
      return figuresOf(request, '.png');
  }
}

function gather(
  { runs: sources, foundations, names: runNames, title, question = '', notes = '' }: ReportRequest & { title: string },
  hasFigures: boolean,
): Report {
  const choice: FigureChoice = sources.length <= mostInFull ? 'all' : sources.length <= mostWithRoc ? 'main' : 'brief';
  let pictureBytes = 0;
  const withoutPictures: string[] = [];
  const unread: string[] = [];
  const unreadable: string[] = [];
  const runs = sources.map(({ record, heading, evaluated, summary, command, noCommand }, i): ReportedRun => {
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
    const result = read('Its result', () => (isThere ? runResult(evaluated) : null), null);
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
      record: publicRecord(record, runNames),
      heading,
      summary: publicSummary(summary, runNames),
      spec: read('Its spec.json', () => publicSpecFile(record, runNames), null),
      command,
      noCommand,
      result: result && { ...result, doubts: result.doubts.map((doubt) => publicDoubt(doubt, runNames)) },
      figures: drawn.figures,
      history: read('Its training curve', () => readHistory(record.folder), []),
      mistakes: fits ? mistakes : null,
    };
  });
  const { rows, verdict, differences, pairs, figures, leftOut } = reportComparison(
    sources.map(({ evaluated }) => evaluated),
    runs,
    hasFigures,
  );
  return {
    title,
    question,
    notes,
    createdAt: new Date().toISOString(),
    runs,
    foundations: foundations.map(({ record, evaluated: _, summary, ...others }) => ({
      record: publicRecord(record, runNames),
      summary: publicSummary(summary, runNames),
      ...others,
    })),
    differences: differences.map(({ key, values }) => ({
      key,
      values: values.map((value) => (value !== null && isAbsolute(value) ? publicPath(value, runNames) : value)),
    })),
    rows: rows.map((row) => ({ ...row, doubts: row.doubts.map((doubt) => publicDoubt(doubt, runNames)) })),
    pairs,
    verdict,
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
    ].map((sentence) => publicText(sentence, runNames)),
  };
}

/** A trigger may be known by a file of the machine. */
const publicDoubt = ({ sentence, ...rest }: Suspicion, names: RunNames): Suspicion => ({
  ...rest,
  sentence: publicText(sentence, names),
});

/** A run's row as others may see it. */
function publicRecord(record: RunRecord, names: RunNames): RunRecord {
  const { kind, folder, spec, error } = record;
  const said = (text: string) => publicText(text, names, [dirname(folder)]);
  return {
    ...record,
    folder: publicPath(folder, names),
    spec: publicSpec(kind, spec, names),
    // The details of an error are for the program that shows it.
    error: error && {
      code: error.code,
      message: said(error.message),
      ...(error.hint === undefined ? {} : { hint: said(error.hint) }),
    },
  };
}

/** What is said of runs, as others may read it. */
function publicSummary(summary: ReportSource['summary'], names: RunNames): ReportSource['summary'] {
  return { ...summary, fault: summary.fault && publicText(summary.fault, names) };
}

/** The spec.json of a run as others may see it; null if there is none. */
function publicSpecFile({ folder }: RunRecord, names: RunNames): SpecFile | null {
  if (!holdsRun(folder)) return null;
  const { data_dir: _, command: _command, ...file } = readSpec(folder);
  return { ...file, spec: publicSpec(file.kind, file.spec, names) };
}

/**
 * The sheet of the worst mistakes of a run, null if there is none or, with a reason in `without`, none to be trusted.
 */
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

function scoresOf(runs: readonly ReportSource[]): Iterable<Uint8Array> {
  const scored = runs.filter(({ record }) => hasScores(record.folder));
  if (scored.length === 0)
    throw new CupbearerError('not-found', 'None of these runs has scores.', {
      hint: 'Runs that fit or evaluate a detector have.',
    });
  return scoresCsv(
    scored.map(({ record: { id, folder }, summary }) => ({
      id,
      detector: summary.detector,
      layout: scoreLayout(folder),
      scores: () => readScores(folder),
    })),
  );
}

const missingFile = 'MISSING.txt';

function figuresOf({ runs, names }: ReportSources, extension: '.svg' | '.png'): Uint8Array<ArrayBuffer> {
  const found = runs.map(({ record, evaluated }, i) => {
    const place = runs.length === 1 ? '' : `${runLetter(i)} ${fileName(record.title, 'html')}/`;
    const { files, missing } = filesOf(evaluated, extension);
    return {
      files: [...files].map(([name, bytes]) => [`${place}${name}`, bytes] as const),
      missing: missing.map((sentence) => `${place}${publicText(sentence, names)}`),
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
  const what = format === 'scores' ? '-scores' : format.startsWith('figures') ? '-figures' : '';
  return `${slug(title) || 'report'}${what}`;
}
