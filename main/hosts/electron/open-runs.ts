import { dirname, resolve } from 'node:path';
import { app, dialog } from 'electron';
import { toErrorRecord } from '../../../shared/errors.ts';
import { runMarker } from '../../storage/run-marker.ts';
import type { Application } from '../../api/application.ts';

/** Returns the file among the arguments with which the system starts the program to open one of its files. */
export function fileAmong(args: readonly string[], workingDir: string): string | undefined {
  const file = args.slice(1).find((arg) => !arg.startsWith('-') && arg.endsWith(runMarker.extension));
  return file === undefined ? undefined : resolve(workingDir, file);
}

/** Files that macOS passes to the program, possibly before it is ready: they are kept until they can be opened. */
export class HandedFiles {
  #open: ((file: string) => void) | undefined;
  readonly #waiting: string[] = [];

  constructor() {
    app.on('open-file', (event, file) => {
      event.preventDefault();
      if (this.#open) this.#open(file);
      else this.#waiting.push(file);
    });
  }

  /** Opens those that have come, and those to come. */
  openWith(open: (file: string) => void): void {
    this.#open = open;
    for (const file of this.#waiting.splice(0)) open(file);
  }
}

/** Adds the run that `file` marks to the catalogue and shows it, or shows why that failed. */
export async function openRunFile(file: string, { workbench }: Application, go: (hash: string) => void): Promise<void> {
  try {
    const { id } = workbench.known.recordOf(dirname(file));
    app.addRecentDocument(file);
    go(`#/runs/${encodeURIComponent(id)}`);
  } catch (error) {
    const { message, hint = '' } = toErrorRecord(error);
    await dialog.showMessageBox({ type: 'error', message, detail: hint });
  }
}

/** Asks for such a file. */
export async function chooseRunFile(): Promise<string | undefined> {
  const { filePaths } = await dialog.showOpenDialog({
    title: 'Open a run',
    properties: ['openFile'],
    filters: [{ name: 'Cupbearer runs', extensions: [runMarker.extension.slice(1)] }],
  });
  return filePaths[0];
}
