import { relative } from 'node:path';
import type { FinishedRun } from '../../api/workbench.ts';
import { evaluationFolders, readEvaluation } from '../../runs/stored-evaluations.ts';
import { attackRows } from '../../../shared/scores/attack-rows.ts';
import { allLayers, type Evaluation, type LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { formatInterval, formatMetric, formatPercent } from '../../../shared/format.ts';
import { tooFewClean, tprAtOnePercent } from '../../../shared/scores/one-percent.ts';
import { readOffTest, thresholdCells, thresholdGuarantee, thresholdHeads } from '../../../shared/threshold-words.ts';
import { factsOfEvaluation } from '../../../shared/suspicions-of-evaluation.ts';
import { asPicked } from '../../../shared/schema/fields.ts';
import { suspicions } from '../../../shared/suspicions.ts';
import type { Suspicion } from '../../../shared/domain/suspicion.ts';
import { taskParents } from '../../runs/task-words.ts';
import { usualAccuracyIn } from '../../runs/usual-accuracy.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { textTable } from './table.ts';

/** Formats a share, 0 to 1, like the other numbers in the table. */
function shareOf(metrics: LayerMetrics): string {
  const value = tprAtOnePercent(metrics);
  return value === null ? tooFewClean : formatMetric(value);
}

/** AUROC and AP per layer with their intervals, the aggregate last. */
export function evaluationTable({ layers }: Pick<Evaluation, 'layers'>): string {
  const names = [...Object.keys(layers).filter((name) => name !== allLayers), allLayers];
  const rows = names.map((name) => {
    const metrics = layers[name]!;
    return [
      name,
      formatMetric(metrics.AUC_ROC),
      formatInterval(metrics.AUC_ROC_interval),
      formatMetric(metrics.AP),
      formatInterval(metrics.AP_interval),
      shareOf(metrics),
    ];
  });
  const heads = ['layer', 'AUROC', '95 % interval', 'AP', '95 % interval', 'TPR at 1 % FPR'];
  return textTable(heads, rows, [false, true, false, true, false, true]);
}

/** Returns the AUROC of attacks that succeeded, to be shown beside that of all test samples. */
function attackTable({ about: { attack } }: Evaluation): string | null {
  if (!attack) return null;
  const rows = attackRows(attack).map(({ label, anomalous, auroc, interval }) => [label, anomalous, auroc, interval]);
  if (rows.length === 0) return null;
  return textTable(['score all, on', 'anomalous', 'AUROC', '95 % interval'], rows, [false, true, true, false]);
}

/** Thresholds calibrated on held-out trusted samples, with what they promise; none where none were held out. */
function thresholdLines({ about: { thresholds } }: Evaluation): string[] {
  if (!thresholds) return [];
  return [
    textTable([...thresholdHeads], thresholds.map(thresholdCells), [false, true, true, true, true]),
    thresholdGuarantee,
    readOffTest,
    '',
  ];
}

/** Why the result of a run may not be believed as it stands; the aggregate's, without a look at its single scores. */
function doubtsOf({ spec, metrics: classifier }: RunRecord, { layers, about }: Evaluation): Suspicion[] {
  const metrics = layers[allLayers];
  if (!metrics) return [];
  const aim = about.task && taskRegistry.has(about.task.name) ? taskRegistry.get(about.task.name).aim : undefined;
  const task = asPicked(spec['task']);
  const [folder] = task ? taskParents(task) : [];
  const usual = folder === undefined ? undefined : usualAccuracyIn(folder);
  return suspicions(factsOfEvaluation({ about, metrics, aim, classifier, usual }));
}

/** Clean accuracy and attack success of the classifier and the poison a detector met, as far as they are known. */
export function contextLines({ metrics }: RunRecord): string[] {
  const line = (label: string, value: number | null | undefined) =>
    typeof value === 'number' ? [`${label.padEnd(20)}${formatPercent(value)}`] : [];
  return [
    ...line('Clean accuracy', metrics['clean_accuracy']),
    ...line('Attack success', metrics['attack_success']),
    ...line('Poison share', metrics['poison_share']),
  ];
}

/** A path as short as it can be typed from here. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && short.length < path.length ? short : path;
}

/** What a run has brought, for people. */
export function resultText({ record, folder, found }: FinishedRun): string {
  const lines = found ? [`This evaluation is already there; --overwrite computes it again.`, ''] : [];
  const hasEvaluation = evaluationFolders(folder).includes(folder);
  const context = contextLines(record);
  if (hasEvaluation) {
    const evaluation = readEvaluation(folder);
    const attack = attackTable(evaluation);
    lines.push(
      evaluationTable(evaluation),
      '',
      ...(attack === null ? [] : [attack, '']),
      ...thresholdLines(evaluation),
    );
    const doubts = doubtsOf(record, evaluation);
    if (doubts.length > 0) lines.push(...doubts.map(({ sentence, remedy }) => `${sentence} ${remedy}`), '');
  }
  lines.push(...context);
  lines.push(...(context.length > 0 ? [''] : []), `Run ${record.id} in ${shownPath(folder)}`);
  return lines.join('\n');
}

/** What a run has brought, for programs. */
export function resultValue({ record, folder, found }: FinishedRun): Record<string, unknown> {
  const hasEvaluation = evaluationFolders(folder).includes(folder);
  if (!hasEvaluation) return { run: record, folder, found };
  const evaluation = readEvaluation(folder);
  return {
    run: record,
    folder,
    found,
    evaluation: evaluation.layers,
    thresholds: evaluation.about.thresholds ?? null,
    doubts: doubtsOf(record, evaluation),
  };
}
