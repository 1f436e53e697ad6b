import { sep } from 'node:path';
import { app, BrowserWindow, Notification, powerSaveBlocker } from 'electron';
import type { ExperimentSummary } from '../../../shared/domain/experiment-view.ts';
import type { CatalogueEvent, LiveState, RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { experimentEnd } from '../../../shared/experiment-end.ts';
import type { Settings } from '../../../shared/domain/settings.ts';

const sentences: Partial<Record<RunStatus, string>> = {
  done: 'Done',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

/**
 * Shows activity on the desktop: progress on the taskbar, a machine kept awake while a run computes, a notification
 * when one ends and the window is not looked at; of an experiment, when all of it has ended.
 */
export class Activity {
  readonly #settings: () => Settings;
  readonly #open: (hash: string) => void;
  readonly #statuses = new Map<string, RunStatus>();
  /** Experiments that go on, by id. */
  readonly #experiments = new Map<string, ExperimentSummary>();
  #blocker: number | undefined;
  #isComplete = false;

  /** `open` brings the window to the front, at a hash. */
  constructor(settings: () => Settings, open: (hash: string) => void) {
    this.#settings = settings;
    this.#open = open;
  }

  /** Follows the catalogue until the stream ends. */
  async follow(events: AsyncIterable<CatalogueEvent>): Promise<void> {
    try {
      for await (const event of events) this.take(event);
    } finally {
      this.#showProgress([]);
    }
  }

  /** Follows the experiments until the stream ends. */
  async followExperiments(events: AsyncIterable<{ experiments: readonly ExperimentSummary[] }>): Promise<void> {
    for await (const { experiments } of events) this.takeExperiments(experiments);
  }

  takeExperiments(experiments: readonly ExperimentSummary[]): void {
    for (const experiment of experiments) {
      const { id, name, state, counts } = experiment;
      if (state !== 'idle') this.#experiments.set(id, experiment);
      else if (this.#experiments.delete(id))
        this.#notify(endWords(name, counts), `#/experiments/${encodeURIComponent(id)}`);
    }
  }

  take(event: CatalogueEvent): void {
    if (event.type === 'live') this.#showProgress(event.live);
    if (event.type === 'removed') for (const id of event.ids) this.#statuses.delete(id);
    if (event.type !== 'runs') return;
    for (const run of event.runs) {
      const before = this.#statuses.get(run.id);
      this.#statuses.set(run.id, run.status);
      // Runs in the first account ended some time ago.
      if (this.#isComplete && before === 'running' && run.status !== 'running') this.#tellEnd(run);
    }
    this.#isComplete ||= event.complete;
  }

  #showProgress(live: readonly LiveState[]): void {
    const going = live.filter(({ queuePosition }) => queuePosition === null);
    const shares = going.map(({ done, total }) => (total > 0 ? Math.min(done / total, 1) : 0));
    // -1 takes the bar away.
    const progress = going.length === 0 ? -1 : shares.reduce((sum, share) => sum + share, 0) / going.length;
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(progress);
    if (process.platform === 'darwin') app.dock?.setBadge(going.length === 0 ? '' : String(going.length));
    this.#keepAwake(going.length > 0);
  }

  #keepAwake(isNeeded: boolean): void {
    if (isNeeded && this.#blocker === undefined) {
      this.#blocker = powerSaveBlocker.start('prevent-app-suspension');
    } else if (!isNeeded && this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = undefined;
    }
  }

  #tellEnd({ id, title, folder, status, error }: RunSummary): void {
    const sentence = sentences[status];
    // An experiment has hundreds of runs, and tells its own end.
    const isPart = [...this.#experiments.values()].some((experiment) => folder.startsWith(experiment.folder + sep));
    if (!sentence || isPart) return;
    this.#notify({ title: `${sentence}: ${title}`, body: error?.message ?? '' }, `#/runs/${encodeURIComponent(id)}`);
  }

  /** Shows a notification, unless the window is looked at; a click on it opens the window at `hash`. */
  #notify(words: { title: string; body: string }, hash: string): void {
    const isLookedAt = BrowserWindow.getAllWindows().some((window) => window.isFocused());
    if (isLookedAt || !this.#settings().notifications || !Notification.isSupported()) return;
    const notification = new Notification(words);
    notification.on('click', () => this.#open(hash));
    notification.show();
  }
}

/** How an experiment has ended. */
function endWords(name: string, counts: ExperimentSummary['counts']): { title: string; body: string } {
  const { total, done, failed } = counts;
  const parts = [`${done} of ${total} runs done`, ...(failed > 0 ? [`${failed} failed`] : [])];
  return { title: `${experimentEnd(counts)}: ${name}`, body: `${parts.join(', ')}.` };
}
