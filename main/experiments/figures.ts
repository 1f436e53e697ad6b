import { join } from 'node:path';
import { trainingSeries } from '../../shared/charts/training-series.ts';
import type { Evaluation } from '../../shared/domain/evaluation.ts';
import type { Figure } from '../figures/figure.ts';
import { drawEvaluationFigures, type FigureWords } from '../figures/evaluation-figures.ts';
import { drawTrainingFigure } from '../figures/training-figure.ts';
import { drawImageSheet } from '../figures/image-sheet.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { createFolder } from '../storage/create-folder.ts';
import type { Task } from '../tasks/task.ts';
import type { EpochRecord } from './training-history.ts';

/** Writes the figures of an evaluation into `figures/`. */
export function drawEvaluation(folder: string, evaluation: Evaluation, words: FigureWords): void {
  writeFigures(folder, drawEvaluationFigures(evaluation, words));
}

/** Writes loss and accuracies by epoch into `figures/`. */
export function drawTrainingCurve(folder: string, history: readonly EpochRecord[]): void {
  writeFigures(folder, [drawTrainingFigure(trainingSeries(history))]);
}

/** Writes a sheet of a task's anomalies beside the samples they were made of, where these are images. */
export function drawExamples(folder: string, { examples }: Task, title: string): void {
  if (examples?.shape.length !== 3) return;
  const { shape, count, clean: before, anomalous: after } = examples;
  const words = { name: 'examples', title, before: 'Clean', after: 'Anomalous' };
  writeFigures(folder, [drawImageSheet({ shape, count, before, after }, words)]);
}

/** Writes figures as PNG and SVG into `figures/`. */
export function writeFigures(folder: string, figures: readonly Figure[]): void {
  const path = join(folder, 'figures');
  createFolder(path);
  for (const { name, png, svg } of figures) {
    writeFileAtomically(join(path, `${name}.png`), png);
    writeFileAtomically(join(path, `${name}.svg`), svg);
  }
}
