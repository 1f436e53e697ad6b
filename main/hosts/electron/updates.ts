import { app, dialog } from 'electron';
import electronUpdater, { type AppUpdater } from 'electron-updater';
import type { ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider.js';
import type { Settings } from '../../../shared/domain/settings.ts';
import { SignedVersions } from './signed-versions.ts';
import type { UpdateSource } from './update-source.ts';

const firstAfterMs = 30_000;
const everyMs = 24 * 3_600_000;

/** Looks for newer versions; nothing is downloaded, and nothing restarted, without a yes to the question whether to. */
export class Updates {
  readonly #settings: () => Settings;
  readonly #log: (line: string) => void;
  readonly #beforeRestart: () => void;
  readonly #updater: AppUpdater;
  #wasAskedFor = false;
  #isDownloading = false;

  /** `beforeRestart` is called when the user has agreed to one, also at the cost of runs. */
  constructor(source: UpdateSource, settings: () => Settings, log: (line: string) => void, beforeRestart: () => void) {
    this.#settings = settings;
    this.#log = log;
    this.#beforeRestart = beforeRestart;
    this.#updater = electronUpdater.autoUpdater;
    const updater = this.#updater;
    updater.logger = null;
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    // Block maps and installers that fetch the rest themselves are not covered by the signature.
    updater.disableDifferentialDownload = true;
    updater.disableWebInstaller = true;
    updater.setFeedURL({
      provider: 'custom',
      updateProvider: class extends SignedVersions {
        constructor(_options: unknown, _updater: unknown, runtimeOptions: ProviderRuntimeOptions) {
          super(source, runtimeOptions);
        }
      },
    });
    updater.on('update-available', ({ version }) => void this.#offer(version));
    updater.on('update-not-available', () => void this.#tell(`Version ${app.getVersion()} is the newest.`));
    updater.on('update-downloaded', ({ version }) => void this.#offerRestart(version));
    updater.on('error', (error) => {
      this.#log(`${this.#isDownloading ? 'Downloading' : 'Looking for'} an update failed: ${error.message}`);
      if (this.#isDownloading) void this.#tellOfDownload(error.message);
      else void this.#tell('Whether there is a newer version could not be found out.', error.message);
    });
  }

  /** Looks now and once a day, while the settings say so. */
  start(): void {
    const look = () => {
      if (this.#settings().checkForUpdates) void this.#check(false);
    };
    setTimeout(look, firstAfterMs).unref();
    setInterval(look, everyMs).unref();
  }

  /** Looks because the user asked, and says what came of it. */
  async checkNow(): Promise<void> {
    await this.#check(true);
  }

  async #check(wasAskedFor: boolean): Promise<void> {
    this.#wasAskedFor = wasAskedFor;
    try {
      await this.#updater.checkForUpdates();
    } catch {
      // The updater's own error event has reported it.
    }
  }

  async #tell(message: string, detail = ''): Promise<void> {
    if (!this.#wasAskedFor) return;
    this.#wasAskedFor = false;
    await dialog.showMessageBox({ message, detail });
  }

  async #offer(version: string): Promise<void> {
    this.#wasAskedFor = false;
    const { response } = await dialog.showMessageBox({
      message: `Version ${version} is there.`,
      detail: `This is ${app.getVersion()}. Nothing is installed before you agree to a restart.`,
      buttons: ['Download', 'Not now'],
      defaultId: 0,
      cancelId: 1,
    });
    if (response !== 0) return;
    this.#isDownloading = true;
    // The updater's own error event has reported the failure.
    await this.#updater.downloadUpdate().catch(() => undefined);
    this.#isDownloading = false;
  }

  /** Whether the user has agreed and is waiting. */
  async #tellOfDownload(detail: string): Promise<void> {
    this.#isDownloading = false;
    await dialog.showMessageBox({ type: 'error', message: 'The newer version could not be downloaded.', detail });
  }

  async #offerRestart(version: string): Promise<void> {
    const { response } = await dialog.showMessageBox({
      message: `Version ${version} is ready to be installed.`,
      detail: 'The program restarts for it, which would interrupt running runs.',
      buttons: ['Restart', 'Later'],
      defaultId: 1,
      cancelId: 1,
    });
    if (response !== 0) return;
    this.#beforeRestart();
    this.#updater.quitAndInstall();
  }
}
