import {
  describeTrainingCurve,
  trainingCurveChart,
  trainingCurveToTable,
  type TrainingCurveData,
} from '../../shared/charts/training-curve-chart.ts';
import { drawFigure, exportTheme, type Figure } from './figure.ts';

/** Loss and shares (accuracy, attack success) by epoch. */
export function drawTrainingFigure(data: TrainingCurveData): Figure {
  const titled = { title: 'Training', ...data };
  return drawFigure({
    name: 'training',
    title: titled.title,
    config: trainingCurveChart(titled, exportTheme),
    description: describeTrainingCurve(titled),
    table: trainingCurveToTable(titled),
    width: 680,
    height: 420,
  });
}
