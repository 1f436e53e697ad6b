import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BrowserWindow, session, type Session } from 'electron';
import { scheme } from './address.ts';
import { denyPermissions } from './guards.ts';

/** The files with the pages that are being printed, by address. */
const pages = new Map<string, string>();

let printing: Session | undefined;

/**
 * Prints the self-contained HTML page in a file, drawn in a hidden window with neither scripts nor network nor other files.
 * Resolves with the PDF.
 */
export async function printPdf(file: string): Promise<Uint8Array<ArrayBuffer>> {
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
  pages.set(address, file);
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
    const file = pages.get(url);
    if (file === undefined) return new Response(null, { status: 404 });
    return new Response(ReadableStream.from(createReadStream(file)), {
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
  });
  apart.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !pages.has(url) && !url.startsWith('data:') }),
  );
  return apart;
}
