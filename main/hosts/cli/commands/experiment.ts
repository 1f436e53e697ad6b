import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { unknownName } from '../../../../shared/definition.ts';
import { tableSpreads } from '../../../../shared/domain/experiment-report.ts';
import { matrixAggregations, tableFormats } from '../../../../shared/domain/experiment-view.ts';
import { seedsOf, type ExperimentSpec } from '../../../../shared/domain/experiment.ts';
import { matrixMetricIds } from '../../../../shared/domain/result-matrix.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatCount, formatDuration, formatRelativeTime } from '../../../../shared/format.ts';
import {
  choice,
  flag,
  integer,
  optionalInteger,
  optionalPath,
  optionalText,
  parseParams,
} from '../../../../shared/schema/fields.ts';
import { LocalExecutor } from '../../../api/experiments/cell-executor.ts';
import {
  ExperimentRunner,
  type ExperimentEvent,
  type ExperimentOutcome,
} from '../../../api/experiments/experiment-runner.ts';
import {
  ExperimentStore,
  mostCellsEver,
  requestCancel,
  usualMostCells,
  type ExperimentPlanSource,
  type StoredExperiment,
} from '../../../api/experiments/experiment-store.ts';
import { countRuns, matrixSubject } from '../../../api/experiments/matrix-subject.ts';
import { QueuedRuns } from '../../../api/runs/queued-runs.ts';
import { SettingsStore } from '../../../api/settings.ts';
import type { Workbench } from '../../../api/workbench.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { ExperimentPlan } from '../../../experiments/plan.ts';
import { planWithRecords } from '../../../experiments/recorded-outlines.ts';
import { readExperimentFile } from '../../../experiments/read-spec.ts';
import { settingsWords } from '../../../experiments/settings-words.ts';
import { suites } from '../../../experiments/suites/index.ts';
import { writeFileAtomically } from '../../../storage/atomic-write.ts';
import { isAtWork } from '../../../storage/process-records.ts';
import { computeFlags, type Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { matrixText } from '../matrix-text.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { withLibrary } from '../with-library.ts';
import { withTrash } from '../with-trash.ts';
import { writeNamedFile } from '../write-named-file.ts';
import {
  documentFlags,
  specFromReport,
  viewOf,
  writeFigures,
  writeReport,
  type DocumentSource,
} from './experiment-documents.ts';
import { withWorkbench } from './experiments.ts';

const actions = [
  'list',
  'new',
  'run',
  'status',
  'resume',
  'cancel',
  'show',
  'table',
  'figures',
  'report',
  'remove',
  'lock',
  'unlock',
];

const flags = z.object({
  dir: z.object({
    full: optionalPath({ label: 'Folder', help: 'Folder of a new experiment; it must be new' }),
    base: optionalPath({
      label: 'Base folder',
      help: 'Folder for a new experiment folder named after it; logs/experiment unless given',
    }),
  }),
  dry_run: flag({ label: 'Dry run', help: 'Only show the cells, and what of them is there already', default: false }),
  jobs: optionalInteger({
    label: 'Jobs',
    help: 'Runs that go on side by side; as in the settings unless given',
    unit: 'runs',
    min: 1,
  }),
  many: flag({
    label: 'Many',
    help: `Plan more than ${formatCount(usualMostCells)} cells, up to ${formatCount(mostCellsEver)}`,
    default: false,
  }),
  metric: choice({
    label: 'Metric',
    help: 'What the matrix shows',
    options: matrixMetricIds,
    default: 'auroc',
  }),
  aggregation: choice({
    label: 'Aggregation',
    help: 'How the scores of the layers become one; own: as each detector combined them',
    options: matrixAggregations,
    default: 'own',
  }),
  layer: optionalText({
    label: 'Layer',
    help: 'The layer whose scores are taken alone; the table says that it was picked after seeing the labels',
  }),
  format: choice({ label: 'Format', help: 'Of the table', options: tableFormats, default: 'markdown' }),
  spread: choice({
    label: 'Spread',
    help: 'What stands beside a mean in the table: 95 % interval, standard deviation over seeds, or nothing',
    options: tableSpreads,
    default: 'interval',
  }),
  baseline: optionalText({
    label: 'Baseline',
    help: 'Label of the detector that others are compared with; mahalanobis, or the first that is ranked, unless given',
  }),
  out: optionalPath({
    label: 'File',
    help: 'Where a table goes, in place of the terminal, a report (.html, .md), or a figure (.pdf, .svg, .png; a folder for all); -o FILE for short',
  }),
  ...documentFlags,
  limit: integer({ label: 'Limit', help: 'Newest experiments to list', unit: 'experiments', default: 50, min: 1 }),
  ...computeFlags,
});
type Flags = z.output<typeof flags>;

export const experiment: Command = {
  name: 'experiment',
  summary: 'Many runs as one thing: detectors on tasks with seeds',
  synopsis: `[list | new FILE | run FILE|NAME | status NAME | resume NAME | cancel NAME | show NAME | table NAME | figures NAME | report NAME | remove NAME | lock NAME | unlock NAME] [--FLAG VALUE ...]`,
  notes: [
    `FILE is an experiment as YAML or JSON (docs/experiments.md); NAME that of one that was begun, or of a suite that ships`,
    `with the program: ${[...suites.keys()].join(', ')}. What is done already is never computed again, so "run" and "resume" go`,
    'on where an experiment was cut off, and compute what was added to it. "remove" moves it into the trash with its runs; a lock refuses that.',
  ].join('\n'),
  flags,
  short: { '-o': '--out' },
  maxWords: 2,
  async run([action = 'list', name], asked, output) {
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    if (action !== 'list' && name === undefined) {
      throw new CupbearerError('usage', `experiment ${action} needs the name of an experiment.`, {
        hint: 'npx cupbearer experiment lists them.',
      });
    }
    const chosen = parseParams(flags, { dir: {}, ...asked }, flagName);
    if (action === 'new') return await writeNew(name!, chosen, output);
    await withWorkbench(output, async (workbench) => {
      const store = new ExperimentStore(workbench);
      switch (action) {
        case 'list':
          return list(workbench, chosen.limit, output);
        case 'run':
          return await begin(workbench, store, name!, chosen, output);
        case 'resume':
          return await compute(workbench, store, store.get(name!), chosen, output);
        case 'status':
          return await status(workbench, store, store.get(name!), chosen, output);
        case 'table':
          return await table(workbench, store, store.get(name!), chosen, output);
        case 'remove':
          return await remove(workbench, name!, output);
        case 'lock':
        case 'unlock':
          return lock(store, store.get(name!), action === 'lock', output);
        case 'figures':
          return await writeFigures(await source(store, store.get(name!), workbench), chosen, output);
        case 'report':
          return await writeReport(await source(store, store.get(name!), workbench), chosen, output);
        case 'cancel':
          return cancel(workbench, store.get(name!), output);
        default:
          return show(store.get(name!), output);
      }
    });
  },
};

/** The experiment that a word means: a file, one that was begun, or a suite. */
function specFor(name: string, store: ExperimentStore, workbench: Workbench): ExperimentSpec | StoredExperiment {
  if (/\.(ya?ml|json)$/i.test(name) || (existsSync(name) && !existsSync(resolve(name, 'experiment.json'))))
    return readExperimentFile(resolve(name));
  if (workbench.catalogue.experiments.find(name) || existsSync(name)) return store.get(name);
  const suite = suites.get(name);
  if (suite) return suite;
  const known = [...workbench.catalogue.experiments.list().map((each) => each.name), ...suites.keys()];
  throw new CupbearerError('not-found', unknownName('experiment', name, known), {
    hint: 'Name a file, an experiment that was begun or a suite; npx cupbearer experiment lists them.',
  });
}

async function begin(
  workbench: Workbench,
  store: ExperimentStore,
  name: string,
  chosen: Flags,
  output: Output,
): Promise<void> {
  const found = specFor(name, store, workbench);
  if ('file' in found) return await compute(workbench, store, found, chosen, output);
  const { dir, data_dir: dataDir, engine, dry_run: isDryRun } = chosen;
  const spec = engine === 'auto' ? found : { ...found, engine };
  const source = {
    spec,
    working_dir: process.cwd(),
    data_dir: resolve(dataDir ?? defaultDataDir()),
  };
  // Planned before anything is written: what is at fault leaves nothing behind.
  const plan = await planned(store, source, chosen);
  const known = workbench.catalogue.experiments.find(spec.name);
  // A dry run changes nothing, not even an experiment of this name that was begun with another file or data folder.
  if (isDryRun)
    return showPlan(plan, known && existsSync(known.folder) ? store.read(known) : undefined, workbench, output);
  const experiment = store.keep(spec, plan, {
    ...(dir.full === undefined ? {} : { folder: dir.full }),
    base: resolve(dir.base ?? 'logs/experiment'),
    workingDir: source.working_dir,
    dataDir: source.data_dir,
  });
  await compute(workbench, store, experiment, chosen, output, plan);
}

async function planned(
  store: ExperimentStore,
  source: ExperimentPlanSource,
  { many }: Pick<Flags, 'many'>,
): Promise<ExperimentPlan> {
  try {
    return await planWithRecords(store.planSource(source, many ? mostCellsEver : usualMostCells));
  } catch (error) {
    if (!(error instanceof CupbearerError) || many || error.details?.['cells'] === undefined) throw error;
    throw new CupbearerError(error.code, error.message, { hint: 'Add --many if you mean it.', cause: error });
  }
}

async function compute(
  workbench: Workbench,
  store: ExperimentStore,
  experiment: StoredExperiment,
  chosen: Flags,
  output: Output,
  known?: ExperimentPlan,
): Promise<void> {
  const plan = known ?? (await planned(store, experiment.file, chosen));
  if (chosen.dry_run) return showPlan(plan, experiment, workbench, output);
  const settings = new SettingsStore();
  const jobs = () => chosen.jobs ?? settings.current().parallelJobs;
  const queued = new QueuedRuns(workbench, {
    current: () => ({ ...settings.current(), dataDir: experiment.file.data_dir, parallelJobs: jobs() }),
  });
  const started = performance.now();
  const interrupt = abortOnInterrupt(() =>
    output.note('Stopping; what is done is kept. Ctrl-C again to stop at once.'),
  );
  let ended = 0;
  const runner = new ExperimentRunner(workbench, new LocalExecutor(workbench, queued, jobs), experiment, plan, {
    onEvent: (event) => {
      if (event.type === 'ended' || event.type === 'reused' || event.type === 'refused') ended++;
      const line = eventLine(event, ended, plan.runs.size);
      if (line !== undefined) output.note(line);
    },
  });
  try {
    runner.claim();
    const outcome = await runner.run(interrupt.signal);
    output.result(
      { id: experiment.file.id, name: experiment.file.spec.name, folder: experiment.folder, ...outcome },
      () => outcomeText(experiment, plan, outcome, performance.now() - started),
    );
    if (outcome.cancelled)
      throw new CupbearerError('cancelled', 'The experiment was stopped; "resume" goes on with it.');
    if (outcome.failed > 0) {
      throw new CupbearerError('conflict', `${outcome.failed} of ${plan.runs.size} runs failed.`, {
        hint: `npx cupbearer experiment status "${experiment.file.spec.name}" says why; "resume" tries them again.`,
      });
    }
  } finally {
    interrupt.release();
    await queued.close();
  }
}

function eventLine(event: ExperimentEvent, ended: number, total: number): string | undefined {
  const place = `${String(ended).padStart(String(total).length)}/${total}`;
  switch (event.type) {
    case 'ended': {
      const { run, planned } = event;
      const { auroc, clean_accuracy: accuracy } = run.metrics;
      const figure =
        typeof auroc === 'number'
          ? `AUROC ${auroc.toFixed(3)}`
          : typeof accuracy === 'number'
            ? `accuracy ${accuracy.toFixed(3)}`
            : '';
      const took = run.timings['total'] === undefined ? '' : formatDuration(run.timings['total']);
      const how = run.status === 'done' ? figure : `${run.status}: ${run.error?.message ?? ''}`;
      return `${place}  ${planned.label}, seed ${planned.seed}  ${how}  ${took}`.trimEnd();
    }
    case 'refused':
      return `${place}  ${event.planned.label}, seed ${event.planned.seed}  failed: ${event.error.message}`;
    case 'paused':
      return `Paused: ${event.reason} It goes on when there is room.`;
    case 'resumed':
      return 'Going on.';
    default:
      return undefined;
  }
}

function outcomeText(
  { folder, file }: StoredExperiment,
  plan: ExperimentPlan,
  outcome: ExperimentOutcome,
  ms: number,
): string {
  const { reused, done, failed, left } = outcome;
  const parts = [
    `${formatCount(done)} computed`,
    ...(reused > 0 ? [`${formatCount(reused)} there already`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(left > 0 ? [`${formatCount(left)} not begun`] : []),
  ];
  return [
    `${file.spec.name}: ${parts.join(', ')}, in ${formatDuration(ms)}.`,
    ...impossibleLines(plan),
    shownPath(folder),
  ].join('\n');
}

/** Which detectors cannot be fitted on some task, and why: a line each. */
function impossibleLines({ cells, rows }: ExperimentPlan): string[] {
  const reasons = cells.flatMap(({ row, impossible }) =>
    impossible === null ? [] : [`${rows[row]!.label}: ${impossible}`],
  );
  if (reasons.length === 0) return [];
  const count = reasons.length === 1 ? '1 cell is' : `${formatCount(reasons.length)} cells are`;
  return [`${count} not possible:`, ...[...new Set(reasons)].map((reason) => `  ${reason}`)];
}

/** What would be computed, and what is there already. */
function showPlan(
  plan: ExperimentPlan,
  experiment: StoredExperiment | undefined,
  workbench: Workbench,
  output: Output,
): void {
  const { experiments } = workbench.catalogue;
  const counts = experiment ? countRuns(workbench.catalogue, experiment, plan) : undefined;
  const elsewhere = [...plan.runs.keys()].filter((key) => experiments.doneRunsWith(key).length > 0).length;
  const reused = Math.max(counts?.done ?? 0, elsewhere);
  const trainings = [...plan.runs.values()].filter(({ kind }) => kind === 'classifier').length;
  const impossible = plan.cells.filter(({ key }) => key === null);
  const value = {
    cells: plan.cells.length,
    runs: plan.runs.size,
    classifiers: trainings,
    reused,
    impossible: impossible.length,
    tasks: plan.columns.map(({ label }) => label),
    detectors: plan.rows.map(({ label }) => label),
    seeds: plan.seeds,
  };
  output.result(value, () => {
    const marks = (row: number, column: number) =>
      plan.cells.some((cell) => cell.row === row && cell.column === column && cell.key === null) ? 'no' : '·';
    return [
      textTable(
        ['detector', ...plan.columns.map(({ label }) => label)],
        plan.rows.map(({ label }, row) => [label, ...plan.columns.map((_, column) => marks(row, column))]),
      ),
      '',
      `${plan.rows.length} detectors x ${plan.columns.length} tasks x ${plan.seeds.length} seeds: ${formatCount(plan.cells.length)} cells, ${formatCount(trainings)} classifiers.`,
      `${formatCount(reused)} of ${formatCount(plan.runs.size)} runs are there already.`,
      ...impossibleLines(plan),
    ].join('\n');
  });
}

function list(workbench: Workbench, limit: number, output: Output): void {
  const listed = workbench.catalogue.experiments.list().slice(0, limit);
  const isRunning = ({ host_pid: pid, host_started: started }: (typeof listed)[number]) =>
    pid !== null && isAtWork(pid, started);
  const value = listed.map((each) => ({
    id: each.id,
    name: each.name,
    running: isRunning(each),
    locked: each.locked,
    tasks: each.spec?.tasks.length ?? null,
    detectors: each.spec?.detectors.length ?? null,
    seeds: each.spec ? seedsOf(each.spec).length : null,
    created_at: each.created_at,
    folder: each.folder,
  }));
  output.result({ experiments: value, suites: [...suites.keys()] }, () => {
    const now = new Date();
    const rows = value.map(({ name, running, locked, tasks, detectors, seeds, created_at: created, folder }) => [
      name,
      [running && 'running', locked && 'locked'].filter(Boolean).join(', '),
      `${tasks ?? '?'} x ${detectors ?? '?'} x ${seeds ?? '?'}`,
      formatRelativeTime(new Date(created), now),
      shownPath(folder),
    ]);
    const table = textTable(['name', '', 'tasks x detectors x seeds', 'when', 'folder'], rows);
    const shipped = `Suites that ship with the program: ${[...suites.keys()].join(', ')}.`;
    return rows.length === 0
      ? `No experiments yet. "npx cupbearer experiment run quick" does one in minutes.\n${shipped}`
      : `${table}\n\n${shipped}`;
  });
}

async function status(
  workbench: Workbench,
  store: ExperimentStore,
  experiment: StoredExperiment,
  chosen: Flags,
  output: Output,
): Promise<void> {
  const { catalogue } = workbench;
  const plan = await planned(store, experiment.file, { many: true });
  const { impossible: _, ...counts } = countRuns(catalogue, experiment, plan);
  const { id, spec, data_dir: dataDir } = experiment.file;
  const { host_pid: pid, host_started: started } = catalogue.experiments.get(id);
  const isRunning = pid !== null && isAtWork(pid, started);
  const subject = matrixSubject(catalogue, experiment, plan);
  const view = await withLibrary((library) =>
    library.ask('experiment-view', { subject, options: viewOf(chosen) }, { dataDir }),
  );
  const { matrix, strip, rows } = view;
  const value = { id, name: spec.name, folder: experiment.folder, at_work: isRunning, ...counts, matrix, strip, rows };
  output.result(value, () =>
    [
      `${spec.name}${isRunning ? ` (running in process ${pid})` : ''}`,
      `${formatCount(counts.done)} of ${formatCount(counts.total)} runs done, ${counts.running} running, ${counts.failed} failed, ${counts.waiting} waiting.`,
      shownPath(experiment.folder),
      '',
      matrixText(view),
      ...impossibleLines(plan),
    ].join('\n'),
  );
}

async function table(
  workbench: Workbench,
  store: ExperimentStore,
  experiment: StoredExperiment,
  chosen: Flags,
  output: Output,
): Promise<void> {
  const { format, spread, out } = chosen;
  const plan = await planned(store, experiment.file, { many: true });
  const subject = matrixSubject(workbench.catalogue, experiment, plan);
  const { spec, data_dir: dataDir } = experiment.file;
  const { bytes } = await withLibrary((library) =>
    library.ask(
      'experiment-table',
      { subject, options: { ...viewOf(chosen), format, spread }, settings: settingsWords(spec) },
      { dataDir },
    ),
  );
  const text = new TextDecoder().decode(bytes);
  if (out === undefined) return output.result({ format, table: text }, () => text.trimEnd());
  const path = resolve(out);
  if (await writeNamedFile(path, bytes)) return;
  output.result({ file: path, format, bytes: bytes.length }, () => shownPath(path));
}

async function remove(workbench: Workbench, name: string, output: Output): Promise<void> {
  const removed = await withTrash(workbench, (trash) => trash.removeExperiment(name));
  const { trash, runs, kept } = removed;
  output.result(removed, () =>
    trash === null
      ? `The folder of "${removed.name}" is gone; it is off the list.`
      : [
          `Moved to the trash: "${removed.name}" with ${counted(runs, 'run')}. npx cupbearer trash restore ${trash} brings it back.`,
          ...(kept === 0
            ? []
            : [
                `${counted(kept, 'run')} in its folder ${kept === 1 ? 'stays' : 'stay'}: other experiments use ${kept === 1 ? 'it' : 'them'}.`,
              ]),
        ].join('\n'),
  );
}

function lock(store: ExperimentStore, experiment: StoredExperiment, locked: boolean, output: Output): void {
  const { id, spec } = experiment.file;
  store.lock(experiment, locked);
  output.result({ id, locked }, () => `${locked ? 'Locked' : 'Unlocked'}: "${spec.name}".`);
}

/** What documents of an experiment are made from. */
async function source(
  store: ExperimentStore,
  experiment: StoredExperiment,
  { catalogue }: Workbench,
): Promise<DocumentSource> {
  const plan = await planned(store, experiment.file, { many: true });
  return { experiment, plan, subject: matrixSubject(catalogue, experiment, plan) };
}

function cancel(workbench: Workbench, { folder, file }: StoredExperiment, output: Output): void {
  const { host_pid: pid, host_started: started } = workbench.catalogue.experiments.get(file.id);
  if (pid === null || !isAtWork(pid, started))
    throw new CupbearerError('conflict', `Nothing works on the experiment "${file.spec.name}".`);
  requestCancel(folder);
  output.result({ id: file.id, asked: pid }, () => `Process ${pid} was asked to stop; what is done is kept.`);
}

function show({ file }: StoredExperiment, output: Output): void {
  output.result(file, () => yamlOf(file.spec));
}

/** A spec as people write it: parts that are alike stand there as often as they occur. */
function yamlOf(spec: object): string {
  return stringify(spec, { aliasDuplicateObjects: false });
}

/** Writes the suite "quick", or the experiment in a report, as a file to begin with. */
async function writeNew(name: string, { from }: Pick<Flags, 'from'>, output: Output): Promise<void> {
  const path = resolve(/\.(ya?ml|json)$/i.test(name) ? name : `${name}.yaml`);
  const own =
    from === undefined ? { ...suites.get('quick')!, name: basename(path, extname(path)) } : await specFromReport(from);
  const text = path.endsWith('.json') ? `${JSON.stringify(own, null, 2)}\n` : yamlOf(own);
  writeFileAtomically(path, text, { exclusive: true });
  output.result(
    { file: path },
    () => `${shownPath(path)}\nChange it, then: npx cupbearer experiment run ${shownPath(path)}`,
  );
}
