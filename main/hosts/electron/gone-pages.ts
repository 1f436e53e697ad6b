import { app, dialog, type BrowserWindow } from 'electron';

/** A page that dies once more than this often within {@link withinMs} dies of itself: loading it again would not help. */
const mostReloads = 3;
const withinMs = 60_000;

/**
 * Loads the page of a window again when its process has gone. One that goes again and again is left alone, and the user is
 * asked. `now` is a clock, ms.
 */
export function reloadGonePage(window: BrowserWindow, log: (line: string) => void, now: () => number = Date.now): void {
  let reloads: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    const end = `${reason} (${exitCode})`;
    log(`The page's process ended: ${end}.`);
    if (reason === 'clean-exit') return;
    reloads = [...reloads.filter((time) => now() - time < withinMs), now()];
    if (reloads.length <= mostReloads) {
      window.webContents.reload();
      return;
    }
    reloads = [];
    log('It is not loaded again: it ended right after each time.');
    void askWhetherToReload(end).then((isWanted) => {
      if (!isWanted) app.quit();
      else if (!window.isDestroyed()) window.webContents.reload();
    });
  });
}

async function askWhetherToReload(end: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'error',
    message: 'The page of the window ends again and again.',
    detail: `It was loaded ${mostReloads} times, and each time its process ended: ${end}. Runs continue in the meantime. An old graphics driver may be the cause; the log file has all ends (Help, Show log files).`,
    buttons: ['Load it again', 'Quit'],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 0;
}
