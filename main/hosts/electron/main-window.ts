import { fileURLToPath } from 'node:url';
import { BrowserWindow, nativeTheme, screen, type Rectangle } from 'electron';
import { isOwnAddress, origin } from './address.ts';
import { shownMessage } from './shown-message.ts';
import {
  boundsOnScreen,
  frameOffset,
  readWindowPlace,
  smallest,
  storeWindowPlace,
  withoutFrame,
} from './window-place.ts';

const preload = fileURLToPath(new URL('./preload.cjs', import.meta.url));

/** Opens the program's window where it was, at `hash` ("#/runs"). */
export function openMainWindow(placeFile: string, hash = ''): BrowserWindow {
  const place = readWindowPlace(placeFile);
  const window = new BrowserWindow({
    ...boundsOnScreen(
      place?.bounds,
      screen.getAllDisplays().map(({ workArea }) => workArea),
    ),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Cupbearer',
    show: false,
    // What is seen before the page is there: the surface of the theme, so that nothing flashes.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#14171a' : '#ffffff',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  const normalBounds = keepInPlace(window);
  if (place?.isMaximized) window.maximize();
  window.once('ready-to-show', () => {
    window.show();
    reportToStarter();
  });
  window.on('close', () => storeWindowPlace(placeFile, { bounds: normalBounds(), isMaximized: window.isMaximized() }));
  void window.loadURL(`${origin}/${hash}`);
  return window;
}

/**
 * Shows a screen in an open window. The page is not reloaded; it navigates as by a link, because only the hash changes.
 */
export function showScreen(window: BrowserWindow, hash: string): void {
  const { webContents } = window;
  if (!webContents.isCrashed() && isOwnAddress(webContents.getURL()))
    void webContents.executeJavaScript(`location.hash = ${JSON.stringify(hash)}`);
  else void window.loadURL(`${origin}/${hash}`);
}

/** Tells `npm start` (start.ts) that the user can see the result. */
export function reportToStarter(): void {
  process.send?.(shownMessage);
}

/**
 * Returns a function that says where a window would have to open to be where it is now. On X11 a window is placed with
 * its title bar and reports its place without: the next start would put it that much lower.
 */
function keepInPlace(window: BrowserWindow): () => Rectangle {
  const wanted = window.getNormalBounds();
  let offset = { x: 0, y: 0 };
  if (process.platform === 'linux')
    window.once('show', () =>
      window.once('move', () => {
        if (!window.isMaximized()) offset = frameOffset(wanted, window.getNormalBounds());
      }),
    );
  // A hidden window has no title bar.
  return () => (window.isVisible() ? withoutFrame(window.getNormalBounds(), offset) : window.getNormalBounds());
}
