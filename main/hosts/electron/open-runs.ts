import { dirname, resolve } from 'node:path';
import { app, dialog } from 'electron';
import { toErrorRecord } from '../../../shared/errors.ts';
import { runMarker } from '../../storage/run-marker.ts';
import type { Application } from '../../api/application.ts';

/** The file among the arguments of a start that the system hands over when one of ours is opened. */
export function fileAmong(args: readonly string[], workingDir: string): string | undefined {
  const file = args.slice(1).find((arg) => !arg.startsWith('-') && arg.endsWith(runMarker.extension));
  return file === undefined ? undefined : resolve(workingDir, file);
}

/** Files that macOS hands over, which it does before the program is ready, too: they are kept until somebody opens them. */
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

/** Takes the run that `file` marks into the catalogue and shows it; says why where that cannot be done. */
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
