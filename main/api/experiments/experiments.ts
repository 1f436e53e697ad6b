import { join } from 'node:path';
import { seedsOf, type ExperimentSpec } from '../../../shared/domain/experiment.ts';
import type { ExperimentChanges, ExperimentSummary } from '../../../shared/domain/experiment-view.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { CupbearerError, toErrorRecord } from '../../../shared/errors.ts';
import { formatCount } from '../../../shared/format.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';
import { planOfCells, type CellName } from '../../experiments/part-of-plan.ts';
import type { ExperimentPlan } from '../../experiments/plan.ts';
import type { Inspector } from '../../jobs/inspection.ts';
import type { CellCounts, ListedExperiment } from '../../storage/experiment-index.ts';
import { isAtWork } from '../../storage/process-records.ts';
import { isInside } from '../../storage/real-path.ts';
import type { CurrentSettings } from '../current-settings.ts';
import type { QueuedRuns } from '../runs/queued-runs.ts';
import { dataFolder, runsFolder } from '../settings.ts';
import type { Workbench } from '../workbench.ts';
import { LocalExecutor } from './cell-executor.ts';
import { ExperimentRunner } from './experiment-runner.ts';
import { contentsInUse } from '../../plugins/plugin-store.ts';
import { ExperimentStore, mostCellsEver, usualMostCells, type StoredExperiment } from './experiment-store.ts';
import { matrixSubject } from './matrix-subject.ts';

/** Changes that come in a burst are reported together. */
const tellMs = 250;
/** How often is looked whether another process has gone on with an experiment. */
const foreignMs = 2000;

/** An experiment that goes on here. */
interface Active {
  runner: ExperimentRunner;
  stop: AbortController;
  ended: Promise<void>;
  /** Whether a person has paused it. */
  isHeld: boolean;
  /** Whether it only computes a live row, which nobody has started. */
  isLive: boolean;
  /** Why nothing can begin; null where it can. */
  trouble: string | null;
}

/** An experiment with all that its page is made from. */
interface ExperimentState {
  experiment: StoredExperiment;
  plan: ExperimentPlan;
  subject: MatrixSubject;
}

/** The experiments of a program with a window: which there are, how far they are, and those that go on here. */
export class Experiments {
  readonly store: ExperimentStore;
  readonly #workbench: Workbench;
  readonly #queued: QueuedRuns;
  readonly #settings: CurrentSettings;
  readonly #library: Inspector;
  readonly #active = new Map<string, Active>();
  /** By id; with the text of what each was made from. */
  #lastSubject: { key: string; plan: ExperimentPlan; subject: MatrixSubject } | undefined;
  readonly #plans = new Map<string, { source: string; plan: Promise<ExperimentPlan> }>();
  readonly #closed = new AbortController();
  readonly #listeners = new Set<() => void>();
  /** What a person should know that has no other place: an experiment that ended by a fault of ours. */
  readonly notices: string[] = [];

  constructor(workbench: Workbench, queued: QueuedRuns, settings: CurrentSettings, library: Inspector) {
    this.store = new ExperimentStore(workbench);
    this.#workbench = workbench;
    this.#queued = queued;
    this.#settings = settings;
    this.#library = library;
  }

  /** All, newest first. */
  summaries(): ExperimentSummary[] {
    const { experiments } = this.#workbench.catalogue;
    const counts = experiments.counts();
    return experiments.list().map((listed) => this.#summary(listed, counts.get(listed.id)));
  }

  summary(id: string): ExperimentSummary {
    const { experiments } = this.#workbench.catalogue;
    return this.#summary(experiments.get(id), experiments.counts().get(id));
  }

  /** All, and again after every change, until `signal` is given or the program ends. */
  async *watch(signal: AbortSignal): AsyncGenerator<{ experiments: ExperimentSummary[] }, void> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    let told = '';
    while (!ended.aborted) {
      const experiments = this.summaries();
      const text = JSON.stringify(experiments);
      if (text !== told) yield { experiments };
      told = text;
      await this.#something(ended);
    }
  }

  /** Keeps an experiment of this spec, or changes that of its name, and starts it. Returns its id. @throws CupbearerError as planning and keeping. */
  async begin(spec: ExperimentSpec, signal?: AbortSignal): Promise<string> {
    const plan = await this.planned(spec, signal);
    const settings = this.#settings.current();
    const { file } = this.store.keep(spec, plan, {
      base: join(runsFolder(settings), 'experiments'),
      workingDir: runsFolder(settings),
      dataDir: dataFolder(settings),
    });
    await this.start(file.id);
    return file.id;
  }

  /** The plan of an experiment that is not kept yet. @throws CupbearerError as planning. */
  planned(spec: ExperimentSpec, signal?: AbortSignal): Promise<ExperimentPlan> {
    const settings = this.#settings.current();
    const source = { spec, working_dir: runsFolder(settings), data_dir: dataFolder(settings) };
    const question = this.store.planSource(source, usualMostCells);
    return this.#library.ask('plan-experiment', question, { dataDir: source.data_dir, signal });
  }

  /**
   * Computes what of an experiment is not there yet; of these cells alone, if given; with `only`, the key of a run, that one and
   * what builds on it.
   * @throws CupbearerError `conflict` where that goes on already, here or elsewhere; `not-found`, also for a cell that it does not have.
   */
  async start(
    id: string,
    { cells, only, isLive = false }: { cells?: readonly CellName[] | undefined; only?: string; isLive?: boolean } = {},
  ): Promise<void> {
    const experiment = this.store.listed(id);
    const whole = await this.planOf(experiment);
    const plan = cells ? planOfCells(whole, cells) : whole;
    if (this.#active.has(experiment.file.id))
      throw new CupbearerError('conflict', `The experiment "${experiment.file.spec.name}" goes on already.`);
    const { name } = experiment.file.spec;
    const executor = new LocalExecutor(this.#workbench, this.#queued, () => this.#settings.current().parallelJobs);
    const runner = new ExperimentRunner(this.#workbench, executor, experiment, plan, {
      only,
      onEvent: (event) => {
        if (event.type === 'paused') active.trouble = event.reason;
        else if (event.type === 'resumed') active.trouble = null;
      },
    });
    runner.claim();
    const stop = new AbortController();
    const active: Active = { runner, stop, isHeld: false, isLive, trouble: null, ended: Promise.resolve() };
    this.#active.set(experiment.file.id, active);
    active.ended = runner.run(active.stop.signal).then(
      () => void this.#active.delete(experiment.file.id),
      (error: unknown) => {
        this.#active.delete(experiment.file.id);
        this.notices.push(`The experiment "${name}" has stopped. ${toErrorRecord(error).message}`);
      },
    );
  }

  /**
   * Computes the cells of a plugin's detectors as the plugin is now. What this began for an earlier content of it is stopped; what
   * a person has started ends first. @throws CupbearerError as {@link start}.
   */
  async renew(id: string, plugin: string): Promise<void> {
    const active = this.#active.get(id);
    if (active?.isLive) active.stop.abort();
    await active?.ended;
    const plan = await this.planOf(this.store.listed(id));
    const rows = plan.rows.filter((row) => row.plugin?.id === plugin);
    const cells = rows.flatMap((row) => plan.columns.map((column) => ({ detector: row.label, task: column.label })));
    if (cells.length > 0 && !this.#closed.signal.aborted) await this.start(id, { cells, isLive: true });
  }

  /** Stops an experiment that goes on here; what is done is kept. @throws CupbearerError `conflict` where it does not. */
  async stop(id: string): Promise<void> {
    const active = this.#going(id);
    active.stop.abort();
    await active.ended;
  }

  /** Begins no more cells of an experiment; those that are being computed go on. @throws CupbearerError `conflict` as {@link stop}. */
  pause(id: string): void {
    const active = this.#going(id);
    active.runner.pause();
    active.isHeld = true;
    this.#changed();
  }

  /** Goes on with an experiment that is paused, by whatever. @throws CupbearerError `conflict` as {@link stop}. */
  resume(id: string): void {
    const active = this.#going(id);
    active.isHeld = false;
    active.runner.resume();
    this.#changed();
  }

  /** Has runs of an experiment come next, by key. @throws CupbearerError `conflict` as {@link stop}. */
  first(id: string, keys: readonly string[]): void {
    this.#going(id).runner.first(keys);
    this.#changed();
  }

  /** How many cells of experiments that go on here wait for one of these runs. */
  waitingFor(ids: readonly string[]): number {
    const runs = new Set(ids);
    return [...this.#active.values()].reduce((sum, { runner }) => sum + runner.waitingFor(runs), 0);
  }

  /** Brings back the cells that build on a run that was resumed by itself. @throws CupbearerError as planning. */
  async bringBack(run: string): Promise<void> {
    const { catalogue } = this.#workbench;
    const { folder } = catalogue.get(run);
    for (const { experiment, key } of catalogue.experiments.cellsOf(run)) {
      // Another experiment that uses it would compute it in a folder of its own.
      if (!isInside(catalogue.experiments.get(experiment).folder, folder)) continue;
      const active = this.#active.get(experiment);
      if (active) active.runner.retry(key);
      else await this.start(experiment, { only: key });
    }
  }

  #going(id: string): Active {
    const { name } = this.#workbench.catalogue.experiments.get(id);
    const active = this.#active.get(id);
    if (!active) throw new CupbearerError('conflict', `The experiment "${name}" does not go on here.`);
    return active;
  }

  /**
   * Changes what people say of an experiment. It may go on meanwhile: what computes it only adds to its cells.
   * @throws CupbearerError `conflict` where another has its name, `not-found`, `storage`.
   */
  change(id: string, changes: ExperimentChanges): void {
    this.store.change(this.#workbench.catalogue.experiments.get(id), changes);
    this.#workbench.catalogue.tell();
  }

  /** Locks an experiment, so that it is refused to delete it, or unlocks it. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
  lock(id: string, locked: boolean): void {
    this.store.lock(this.store.listed(id), locked);
  }

  /** @throws CupbearerError `conflict`, with the detail `awaited`, where cells of an experiment that goes on here need one of these runs. */
  checkNotAwaited(runs: readonly string[]): void {
    const awaited = this.waitingFor(runs);
    if (awaited === 0) return;
    const cells =
      awaited === 1
        ? '1 cell of an experiment that goes on waits'
        : `${awaited} cells of an experiment that goes on wait`;
    throw new CupbearerError(
      'conflict',
      `${cells} for ${runs.length === 1 ? 'this run' : 'these runs'}, and would fail.`,
      {
        details: { awaited },
      },
    );
  }

  /** Takes an experiment off the list. @throws CupbearerError `conflict` where it goes on. */
  forget(id: string): void {
    const { experiments } = this.#workbench.catalogue;
    this.refuseIfGoing(id);
    experiments.forget(id);
  }

  /** @throws CupbearerError `conflict` where an experiment goes on, here or in another process. */
  refuseIfGoing(id: string): void {
    const { name, host_pid: pid, host_started: started } = this.#workbench.catalogue.experiments.get(id);
    if (this.#active.has(id) || (pid !== null && isAtWork(pid, started)))
      throw new CupbearerError('conflict', `The experiment "${name}" goes on; stop it first.`);
  }

  /** All that the page of an experiment is made from. @throws CupbearerError `not-found`, `bad-data`, as planning. */
  async state(id: string, signal?: AbortSignal): Promise<ExperimentState> {
    const experiment = this.store.listed(id);
    const plan = await this.planOf(experiment, signal);
    const subject = this.#subjectOf(experiment, plan);
    const upcoming = this.#active.get(experiment.file.id)?.runner.upcoming ?? [];
    const places = new Map(upcoming.map((key, place) => [key, place]));
    const placeOf = ({ key }: { key: string }) => places.get(key) ?? -1;
    const runs = [...subject.runs].sort((a, b) => placeOf(a) - placeOf(b));
    return { experiment, plan, subject: { ...subject, runs } };
  }

  /** Reads the runs of an experiment, unless nothing has changed since it was asked for last: thousands take a tenth of a second. */
  #subjectOf(experiment: StoredExperiment, plan: ExperimentPlan): MatrixSubject {
    const { catalogue } = this.#workbench;
    const { live } = this.#queued;
    if (live.length > 0) {
      const progress = new Map(live.map(({ id, done, total }) => [id, total > 0 ? done / total : 0]));
      return matrixSubject(catalogue, experiment, plan, (run) => progress.get(run) ?? null);
    }
    const { id, spec } = experiment.file;
    const key = JSON.stringify([id, spec.name, catalogue.revision, ...catalogue.experiments.runsOf(id)]);
    if (this.#lastSubject?.key !== key || this.#lastSubject.plan !== plan)
      this.#lastSubject = { key, plan, subject: matrixSubject(catalogue, experiment, plan) };
    return this.#lastSubject.subject;
  }

  /** The plan of an experiment, made where nobody waits for it. @throws CupbearerError as planning. */
  async planOf({ file }: StoredExperiment, signal?: AbortSignal): Promise<ExperimentPlan> {
    const source = this.store.planSource(file, mostCellsEver);
    // What people say of an experiment changes nothing of it, what was saved of a plugin does.
    const spec = { ...source.spec, name: '', question: '', notes: '', tags: [] };
    const text = JSON.stringify({ ...source, spec, plugins: contentsInUse() });
    const known = this.#plans.get(file.id);
    if (known?.source === text) return known.plan;
    const plan = this.#library.ask('plan-experiment', source, { dataDir: file.data_dir, signal });
    this.#plans.set(file.id, { source: text, plan });
    plan.catch(() => this.#plans.delete(file.id));
    return plan;
  }

  /** Stops all; kept once all have. */
  async close(): Promise<void> {
    this.#closed.abort();
    const all = [...this.#active.values()];
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #summary(
    { id, name, folder, created_at, spec, runs, locked, host_pid: pid, host_started: started }: ListedExperiment,
    counts: CellCounts | undefined,
  ): ExperimentSummary {
    const active = this.#active.get(id);
    const isElsewhere = !active && pid !== null && isAtWork(pid, started);
    const isPaused = active && (active.isHeld || active.trouble !== null);
    const count = (...statuses: readonly RunStatus[]) =>
      statuses.reduce((sum, status) => sum + (counts?.runs.get(status) ?? 0), 0);
    const [done, running] = [count('done'), count('running')];
    // What has failed before it was started is computed once more.
    const failed = active ? active.runner.failed : count('failed');
    const isStuck = !active && !isElsewhere && (counts?.lost ?? 0) > 0;
    const waiting = isStuck ? Math.max(0, runs - done - running - failed) : 0;
    return {
      id,
      name,
      folder,
      created_at,
      question: spec?.question ?? '',
      tags: spec?.tags ?? [],
      locked,
      state: active ? (isPaused ? 'paused' : 'running') : isElsewhere ? 'elsewhere' : 'idle',
      note: spec
        ? this.#note(active, isStuck ? (counts?.lost ?? 0) : 0, waiting)
        : 'Its row in the catalogue cannot be read.',
      stuck: waiting,
      tasks: spec?.tasks.length ?? null,
      detectors: spec?.detectors.length ?? null,
      seeds: spec ? seedsOf(spec).length : null,
      counts: { total: runs, done, running, failed },
    };
  }

  /** What is to be said of how an experiment stands; null if nothing is. */
  #note(active: Active | undefined, lost: number, waiting: number): string | null {
    if (active?.trouble) return `${active.trouble} It goes on when there is room.`;
    if (active?.isHeld) return 'What is being computed is finished; nothing else begins.';
    if (lost === 0) return null;
    const which = lost === 1 ? 'a classifier' : `${formatCount(lost)} classifiers`;
    return `${waiting === 1 ? '1 run waits' : `${formatCount(waiting)} runs wait`} for ${which} that failed.`;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves after a change, or when it is time to look whether another process has changed something. */
  async #something(ended: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        forget();
        ended.removeEventListener('abort', done);
        setTimeout(resolve, ended.aborted ? 0 : tellMs);
      };
      const timer = setTimeout(done, foreignMs);
      const stopHearing = this.#workbench.catalogue.onChange(done);
      const forget = () => {
        stopHearing();
        this.#listeners.delete(done);
      };
      this.#listeners.add(done);
      ended.addEventListener('abort', done, { once: true });
    });
  }
}
