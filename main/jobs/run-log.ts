import { appendJsonLine } from '../storage/run-folder.ts';

interface LogLine {
  time: string;
  message: string;
}

/** The log of a run, `log.jsonl` in its folder, with lines for the user and lines that are only stored. */
export class RunLog {
  readonly #folder: string;
  readonly #tell: (line: LogLine) => void;
  #phase = '';

  /** @param tell Called with each line for the user. */
  constructor(folder: string, tell: (line: LogLine) => void) {
    this.#folder = folder;
    this.#tell = tell;
  }

  /** Writes a line and sends it to the host, which shows it. @throws CupbearerError `storage`. */
  say(message: string): void {
    this.#tell(this.keep(message));
  }

  /** Writes a line without showing it. @throws CupbearerError `storage`. */
  keep(message: string): LogLine {
    const line = { time: new Date().toISOString(), message };
    appendJsonLine(this.#folder, 'log.jsonl', { ...line });
    return line;
  }

  /** Writes the name of a phase when it begins. @throws CupbearerError `storage`. */
  phase(name: string): void {
    if (name !== this.#phase) this.keep(name);
    this.#phase = name;
  }
}
