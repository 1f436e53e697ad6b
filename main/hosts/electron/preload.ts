/**
 * Runs in the window before its page. It exposes nothing: when the page asks, it has the main process open a port over
 * which the calls of the contract go, and hands that to the page.
 */
import { ipcRenderer } from 'electron';

/** The part of the page's window that this script uses; the DOM's types are available to the renderer only. */
interface PageWindow {
  addEventListener(type: 'message', listener: (event: { source: unknown; data: unknown }) => void): void;
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
}
declare const window: PageWindow;

// Repeated in connections.ts: a sandboxed preload script cannot import the program's modules.
const request = 'cupbearer:connect';
const answer = 'cupbearer:port';

ipcRenderer.on(answer, ({ ports }) => window.postMessage(answer, '*', ports));

window.addEventListener('message', ({ source, data }) => {
  if (source === window && data === request) ipcRenderer.send(request);
});
