import { existsSync } from 'node:fs';
import { trainingSeries } from '../../shared/charts/training-series.ts';
import type { Analysis } from '../../shared/domain/analysis.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { readHistory } from '../runs/training-history.ts';
import { drawAnalysisFigures } from '../figures/analysis-figures.ts';
import { drawEvaluationFigures, type FigureWords } from '../figures/evaluation-figures.ts';
import type { Figure } from '../figures/figure.ts';
import { drawTrainingFigure } from '../figures/training-figure.ts';
import { checkFileName } from '../storage/file-name.ts';
import { figureFileNames, leftOutFigure, readPngFigure, readSvgFigure } from './stored-figures.ts';
import { readScores } from '../storage/run-folder.ts';
import { activationPlane, runResult, type RunFolders } from './run-results.ts';

/** The figures of a run as files. */
export interface FigureFiles {
  /** By file name. */
  files: Map<string, Uint8Array>;
  /** Those that are gone and cannot be redrawn, with the reason, a sentence each. */
  missing: string[];
}

/**
 * The figures in a run's folder in one format, and missing ones redrawn from what the run has stored.
 * @throws CupbearerError `bad-data` for a damaged result.
 */
export function figureFiles(run: RunFolders, extension: '.svg' | '.png'): FigureFiles {
  const { folder } = run;
  if (!existsSync(folder)) return { files: new Map(), missing: [`All figures: the folder ${folder} is gone.`] };
  const { files, refused } = storedFiles(folder, extension);
  const result = runResult(run);
  const missing: string[] = [];
  for (const { names, draw } of drawings(folder, result)) {
    // Drawing takes far longer than reading.
    if (names.every((name) => files.has(`${name}${extension}`))) continue;
    try {
      for (const figure of draw()) {
        const file = `${figure.name}${extension}`;
        if (!files.has(file)) files.set(file, extension === '.svg' ? figure.svg : figure.png);
      }
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      missing.push(`${names.map((name) => `${name}${extension}`).join(', ')}: ${error.message}`);
    }
  }
  const sheet = `mistakes${extension}`;
  const hadSheet = extension === '.png' ? result?.words.samples !== 'Samples' : result?.words.samples === 'Texts';
  if (result?.analysis && hadSheet && !files.has(sheet) && !refused.has(sheet))
    missing.push(`${sheet}: it was deleted, and only another evaluation can redraw it.`);
  for (const [name, reason] of refused) if (!files.has(name)) missing.push(reason);
  return { files, missing };
}

/** All together are in memory at once. */
const mostBytes = 2 ** 28;

/** The figures in a run's folder by file name, and why others are not to be trusted. */
function storedFiles(
  folder: string,
  extension: '.svg' | '.png',
): { files: Map<string, Uint8Array>; refused: Map<string, string> } {
  const files = new Map<string, Uint8Array>();
  const refused = new Map<string, string>();
  const attempt = (name: string, read: () => void) => {
    try {
      read();
    } catch (error) {
      refused.set(name, leftOutFigure(name, error));
    }
  };
  let names: string[] = [];
  attempt('figures', () => (names = figureFileNames(folder)));
  let bytes = 0;
  for (const name of names.filter((each) => each.endsWith(extension))) {
    attempt(name, () => {
      if (bytes > mostBytes)
        throw new CupbearerError('bad-data', `there are more than ${formatBytes(mostBytes)} of figures.`);
      // A name with a backslash would leave the folder that the zip is unpacked into on Windows.
      const file = checkFileName(name, 'Figure');
      const content = extension === '.svg' ? Buffer.from(readSvgFigure(folder, file).svg) : readPngFigure(folder, file);
      bytes += content.length;
      files.set(file, content);
    });
  }
  return { files, refused };
}

/** Figures that are drawn together, by their names. */
interface Drawing {
  names: string[];
  draw: () => Figure[];
}

function drawings(folder: string, result: RunResult | null): Drawing[] {
  const history = readHistory(folder);
  const training: Drawing[] =
    history.length === 0 ? [] : [{ names: ['training'], draw: () => [drawTrainingFigure(trainingSeries(history))] }];
  if (!result) return training;
  const { layers, words, aggregation, analysis } = result;
  const named = { ...words, aggregation };
  const evaluation: Drawing = {
    names: ['layers', 'roc', 'precision-recall', ...Object.keys(layers).map((layer) => `histogram-${layer}`)],
    draw: () => drawEvaluationFigures({ layers, about: {} }, named),
  };
  if (!analysis) return [...training, evaluation];
  const inPlane = Object.entries(analysis.layers).flatMap(([layer, { components }]) => (components ? [layer] : []));
  return [
    ...training,
    evaluation,
    {
      names: [...inPlane.map((layer) => `activations-${layer}`), 'variance', 'score-correlation'],
      draw: () => drawAnalysis(folder, analysis, inPlane, named),
    },
  ];
}

function drawAnalysis(folder: string, analysis: Analysis, layers: readonly string[], words: FigureWords): Figure[] {
  const { labels } = readScores(folder);
  const planes = layers.map((layer) => [layer, activationPlane(folder, layer)] as const);
  const positions = planes[0]?.[1].positions ?? new Int32Array();
  const points = {
    coordinates: new Map(planes.map(([layer, plane]) => [layer, plane.points])),
    anomalous: Uint8Array.from(positions, (position) => labels[position]!),
    total: labels.length,
  };
  return drawAnalysisFigures(analysis, points, words);
}
