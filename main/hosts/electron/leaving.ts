import { fileURLToPath } from 'node:url';
import { app, dialog, Menu, powerMonitor, Tray, type BrowserWindow, type MessageBoxOptions } from 'electron';
import type { QueuedRuns } from '../../api/runs/queued-runs.ts';

const trayIcon = fileURLToPath(new URL('../../../resources/icons/png/32x32.png', import.meta.url));

/** What the program that is about to go works with. */
interface LeavingOptions {
  /** Runs that are waiting or running. */
  runs: Pick<QueuedRuns, 'live' | 'onChange'>;
  /** Cancels them and closes the catalogue. */
  close: () => Promise<void>;
  log: (line: string) => void;
  platform?: NodeJS.Platform;
  /** How long the program stays after the last run in the background, so that the notification of its end is shown. */
  lingerMs?: number;
}

/** What the user has chosen to become of the runs. */
type Choice = 'background' | 'quit' | 'stay';

const sentences = {
  background: 'In the background they continue without a window: start Cupbearer again to see them.',
  ends: 'It ends after the last one.',
  quit: 'Quitting cancels them: a training can be resumed, anything else begins again.',
};

/**
 * Decides when the program goes: it asks before it takes runs with it. A signal, the end of the session and a restart
 * for an update are no questions.
 */
export class Leaving {
  readonly #runs: LeavingOptions['runs'];
  readonly #close: () => Promise<void>;
  readonly #log: (line: string) => void;
  readonly #isMac: boolean;
  readonly #lingerMs: number;
  #window: BrowserWindow | undefined;
  #tray: Tray | undefined;
  #asking: Promise<Choice> | undefined;
  #isInBackground = false;
  /** Nothing is left to ask. */
  #isAgreed = false;
  #isGoing = false;

  constructor({ runs, close, log, platform = process.platform, lingerMs = 3000 }: LeavingOptions) {
    this.#runs = runs;
    this.#close = close;
    this.#log = log;
    this.#isMac = platform === 'darwin';
    this.#lingerMs = lingerMs;
    app.on('before-quit', (event) => {
      if (this.#isGoing) return;
      event.preventDefault();
      void this.#leave();
    });
    runs.onChange(() => this.#goAfterLast());
    powerMonitor.on('shutdown', () => this.agree());
    let signals = 0;
    // Electron's own handlers would quit, which asks; they are set before the program is ready.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        this.agree();
        if (++signals > 1) app.exit(130);
        else app.quit();
      });
  }

  /** Closes without asking from now on, because the decision has been made. */
  agree(): void {
    this.#isAgreed = true;
  }

  /** Asks before this window closes, if the program would go with it. */
  guard(window: BrowserWindow): void {
    this.#window = window;
    window.on('session-end', () => this.agree());
    window.on('close', (event) => {
      // On macOS the program stays without windows, and its runs with it.
      if (this.#isMac || !this.#mustAsk()) return;
      event.preventDefault();
      app.quit();
    });
  }

  /** Shows the window again that went to the background. */
  comeBack(): void {
    if (!this.#isInBackground) return;
    this.#isInBackground = false;
    this.#tray?.destroy();
    this.#tray = undefined;
    this.#openWindow()?.show();
  }

  /** On macOS the window may have been closed long before. */
  #openWindow(): BrowserWindow | undefined {
    return this.#window?.isDestroyed() ? undefined : this.#window;
  }

  #mustAsk(): boolean {
    return !this.#isAgreed && !this.#isGoing && this.#runs.live.length > 0;
  }

  async #leave(): Promise<void> {
    if (this.#mustAsk()) {
      const choice = await (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
      if (choice === 'background') this.#goToBackground();
      if (choice !== 'quit') return;
    }
    if (this.#isGoing) return;
    this.#isGoing = true;
    await this.#close().catch((error: unknown) => this.#log(`Closing failed: ${String(error)}`));
    app.quit();
  }

  async #ask(): Promise<Choice> {
    const { length } = this.#runs.live;
    const isHidden = this.#isInBackground;
    const choices: Choice[] = isHidden ? ['background', 'quit'] : ['background', 'quit', 'stay'];
    const labels = { background: 'Keep running in the background', quit: 'Cancel them and quit', stay: 'Stay' };
    const options: MessageBoxOptions = {
      type: 'question',
      message: length === 1 ? 'A run has not ended.' : `${length} runs have not ended.`,
      detail: [sentences.background, ...(this.#isMac ? [] : [sentences.ends]), sentences.quit].join(' '),
      buttons: choices.map((choice) => labels[choice]),
      defaultId: 0,
      cancelId: isHidden ? 0 : 2,
      noLink: true,
    };
    const window = this.#openWindow();
    const { response } =
      window && !isHidden ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options);
    return choices[response] ?? 'stay';
  }

  #goToBackground(): void {
    if (this.#isInBackground) return;
    this.#isInBackground = true;
    this.#openWindow()?.hide();
    if (!this.#isMac) this.#showTray();
    // The last one may have ended while the user was asked.
    this.#goAfterLast();
  }

  /** Not every desktop shows it: a second start brings the window back as well. */
  #showTray(): void {
    try {
      this.#tray = new Tray(trayIcon);
      this.#tray.setToolTip('Cupbearer: runs continue');
      this.#tray.on('click', () => this.comeBack());
      this.#tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: 'Show Cupbearer', click: () => this.comeBack() },
          { label: 'Quit', click: () => app.quit() },
        ]),
      );
    } catch (error) {
      this.#log(`There is no tray: ${String(error)}`);
    }
  }

  #goAfterLast(): void {
    const isDone = () => this.#isInBackground && !this.#isMac && this.#runs.live.length === 0;
    if (!isDone()) return;
    setTimeout(() => {
      if (isDone()) app.quit();
    }, this.#lingerMs);
  }
}
