import { fileURLToPath } from 'node:url';
import { BrowserWindow, nativeTheme, screen } from 'electron';
import { origin } from './address.ts';
import { boundsOnScreen, readWindowPlace, smallest, storeWindowPlace } from './window-place.ts';

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
  if (place?.isMaximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () =>
    storeWindowPlace(placeFile, { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  );
  void window.loadURL(`${origin}/${hash}`);
  return window;
}
