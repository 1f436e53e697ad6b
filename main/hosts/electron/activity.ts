import { app, BrowserWindow, Notification, powerSaveBlocker } from 'electron';
import type { CatalogueEvent, LiveState, RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import type { Settings } from '../../../shared/domain/settings.ts';

const sentences: Partial<Record<RunStatus, string>> = {
  done: 'Done',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

/**
 * Shows activity on the desktop: progress on the taskbar, a machine kept awake while a run computes, a notification
 * when one ends and the window is not looked at.
 */
export class Activity {
  readonly #settings: () => Settings;
  readonly #open: (hash: string) => void;
  readonly #statuses = new Map<string, RunStatus>();
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

  #tellEnd({ id, title, status, error }: RunSummary): void {
    const sentence = sentences[status];
    const isLookedAt = BrowserWindow.getAllWindows().some((window) => window.isFocused());
    if (!sentence || isLookedAt || !this.#settings().notifications || !Notification.isSupported()) return;
    const notification = new Notification({ title: `${sentence}: ${title}`, body: error?.message ?? '' });
    notification.on('click', () => this.#open(`#/runs/${encodeURIComponent(id)}`));
    notification.show();
  }
}
