import { csvText } from '../../shared/csv.ts';
import type { LayerMetrics } from '../../shared/domain/evaluation.ts';
import { tprAtOnePercent } from '../../shared/scores/one-percent.ts';
import { toJsonText } from '../storage/json-text.ts';
import { runLetter, type Report } from './report.ts';

const figures = ['AUC_ROC', 'AP', 'TPR_at_FPR_1', 'TPR_at_FPR_5', 'FPR_at_TPR_95'] as const;

/** Figures of the run itself, without which those of its layers cannot be judged. */
const contextFigures = ['auroc_successful', 'auroc_other_classes', 'clean_accuracy', 'attack_success', 'poison_share'];

/** The numbers of a report as CSV: a row a run and layer, each figure with its interval; a row for a run without any. */
export function numbersCsv({ runs }: Report): string {
  const columns = figures.flatMap((name) => [name, `${name}_lower`, `${name}_upper`]);
  const head = ['run', 'id', 'title', 'kind', 'status', 'detector', 'model', 'seed', 'layer', ...columns, 'n_clean', 'n_anomalous', ...contextFigures]; // prettier-ignore
  const rows = runs.flatMap(({ record, summary, result }, i) => {
    const about = [runLetter(i), record.id, record.title, record.kind, record.status, summary.detector, summary.model, summary.seed]; // prettier-ignore
    const own = contextFigures.map((name) => record.metrics[name] ?? null);
    const layers = Object.entries(result?.layers ?? {});
    if (layers.length === 0) return [[...about, null, ...columns.map(() => null), null, null, ...own]];
    return layers.map(([layer, metrics]) => [...about, layer, ...metricValues(metrics), ...own]);
  });
  return csvText([head, ...rows]);
}

function metricValues(metrics: LayerMetrics): (number | null)[] {
  const values = figures.flatMap((name) => {
    if (name === 'TPR_at_FPR_1' && tprAtOnePercent(metrics) === null) return [null, null, null];
    const bounds = metrics[`${name}_interval`];
    return [metrics[name], bounds?.lower ?? null, bounds?.upper ?? null];
  });
  return [...values, metrics.n_clean, metrics.n_anomalous];
}

/** All that a report knows, for programs: specs, metrics with their curves and histograms, training curves, environment. */
export function numbersJson({ runs, foundations, figures: _, leftOut: _sentences, ...report }: Report): string {
  return toJsonText({
    format: 2,
    ...report,
    runs: runs.map(
      ({ record: { host_pid: _pid, host_started: _started, ...record }, summary, spec, command, result, history }) => ({
        record,
        fault: summary.fault,
        spec,
        command,
        sentence: result?.sentence.replaceAll('**', '') ?? null,
        doubts: result?.doubts ?? [],
        layers: result?.layers ?? null,
        attack: result?.attack ?? null,
        thresholds: result?.thresholds ?? null,
        training: history.length === 0 ? null : history,
        mistakes: result?.analysis?.mistakes ?? null,
      }),
    ),
    foundations: foundations.map(
      ({ record: { host_pid: _pid, host_started: _started, ...record }, summary, command }) => ({
        record,
        fault: summary.fault,
        command,
      }),
    ),
  });
}
