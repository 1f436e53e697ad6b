import { randomUUID } from 'node:crypto';
import { BrowserWindow, session, type Session } from 'electron';
import { scheme } from './address.ts';
import { denyPermissions } from './guards.ts';

/** The pages that are being printed, by address. In memory only: a file could be read by others, or be left behind. */
const pages = new Map<string, string>();

let printing: Session | undefined;

/** Returns a self-contained HTML page as PDF, drawn in a hidden window with neither scripts nor network nor files. */
export async function printPdf(html: string): Promise<Uint8Array<ArrayBuffer>> {
  printing ??= openPrintSession();
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: printing,
      javascript: false,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    },
  });
  // A host of its own, so that no guard takes a report for one of the program's pages.
  const address = `${scheme}://print/${randomUUID()}`;
  pages.set(address, html);
  try {
    await window.loadURL(address);
    const pdf = await window.webContents.printToPDF({ printBackground: true, preferCSSPageSize: true, pageSize: 'A4' });
    return new Uint8Array(pdf);
  } finally {
    pages.delete(address);
    window.destroy();
  }
}

/** Returns a session that loads the pages to print and what they embed, and nothing else. */
function openPrintSession(): Session {
  const apart = session.fromPartition('print');
  denyPermissions(apart);
  apart.protocol.handle(scheme, ({ url }) => {
    const html = pages.get(url);
    if (html === undefined) return new Response(null, { status: 404 });
    return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } });
  });
  apart.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !pages.has(url) && !url.startsWith('data:') }),
  );
  return apart;
}
