import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BrowserWindow, session } from 'electron';

/** A self-contained HTML page as PDF, drawn in a window that nobody sees, with neither scripts nor network. */
export async function printPdf(html: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'cupbearer-print-'));
  const page = join(folder, 'report.html');
  const address = pathToFileURL(page).href;
  const apart = session.fromPartition('print');
  apart.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !(url.startsWith('file:') && url.includes('cupbearer-print-')) && !url.startsWith('data:') }),
  );
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: apart,
      javascript: false,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    },
  });
  try {
    await writeFile(page, html);
    await window.loadURL(address);
    const pdf = await window.webContents.printToPDF({ printBackground: true, preferCSSPageSize: true, pageSize: 'A4' });
    return new Uint8Array(pdf);
  } finally {
    window.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}
