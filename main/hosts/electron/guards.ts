import { app, shell, type Session, type WebFrameMain } from 'electron';
import { isOwnAddress } from './address.ts';

/** The one thing that pages may do of those that need asking: a button "Copy" puts text onto the clipboard. */
const allowedPermission = 'clipboard-sanitized-write';

/**
 * Returns whether a message comes from one of the program's pages itself, not from a frame inside it or from elsewhere.
 */
export function isTrustedSender(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isOwnAddress(frame.url);
}

/** Denies all that a page could ask of the system. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl }) =>
    answer(permission === allowedPermission && isOwnAddress(requestingUrl)),
  );
  session.setPermissionCheckHandler(
    (_contents, permission, requester) => permission === allowedPermission && isOwnAddress(requester),
  );
  session.setDevicePermissionHandler(() => false);
}

/**
 * Keeps every window at the program's pages: no navigation elsewhere, no new windows, no embedded views. A link to the
 * web opens in the user's browser.
 */
export function keepWindowsAtHome(): void {
  app.on('web-contents-created', (_created, contents) => {
    contents.on('will-frame-navigate', (event) => {
      if (!isOwnAddress(event.url) && !isInlineFrame(event)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      const address = URL.parse(url);
      // Open the address that was checked, not the text that it was parsed from.
      if (address?.protocol === 'https:') void shell.openExternal(address.href);
      return { action: 'deny' };
    });
  });
}

/** A report shown inside a page has an address that leads nowhere else. */
function isInlineFrame({ isMainFrame, url }: { isMainFrame: boolean; url: string }): boolean {
  return (
    !isMainFrame && (url === 'about:srcdoc' || (url.startsWith('blob:') && isOwnAddress(url.slice('blob:'.length))))
  );
}
