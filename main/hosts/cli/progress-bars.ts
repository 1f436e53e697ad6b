import { formatDuration } from '../../../shared/format.ts';
import { forTerminal } from './output.ts';

const barWidth = 24;

/** Draws how far each phase of a run is: a live bar on a terminal, a line per finished phase elsewhere. */
export class ProgressBars {
  readonly #stream: NodeJS.WriteStream;
  #phase = '';
  #startedAt = 0;
  #last = { done: 0, total: 1, note: '' };
  #drawn = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update(phase: string, done: number, total: number, note = ''): void {
    if (phase !== this.#phase) {
      this.finish();
      this.#phase = phase;
      this.#startedAt = performance.now();
    }
    this.#last = { done, total, note };
    if (this.#stream.isTTY) this.#draw(this.#line());
  }

  /** Writes a line of text above the bar. */
  print(text: string): void {
    this.#clear();
    this.#stream.write(`${forTerminal(text)}\n`);
    if (this.#phase && this.#stream.isTTY) this.#draw(this.#line());
  }

  /** Leaves the current bar as it is and ends its line. */
  finish(): void {
    if (!this.#phase) return;
    this.#clear();
    this.#stream.write(`${this.#line()}\n`);
    this.#phase = '';
  }

  #line(): string {
    const { done, total, note } = this.#last;
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.round(share * barWidth);
    const elapsed = performance.now() - this.#startedAt;
    const time =
      share >= 1 || share === 0 ? formatDuration(elapsed) : `${formatDuration((elapsed / share) * (1 - share))} left`;
    const parts = [
      this.#phase.padEnd(11),
      `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`,
      `${Math.floor(100 * share)} %`.padStart(6),
      ` ${time}`,
      note ? `  ${forTerminal(note)}` : '',
    ];
    return parts.join(' ').trimEnd();
  }

  #draw(line: string): void {
    this.#clear();
    // A line longer than the terminal would wrap, and the next redraw would leave its first row behind.
    this.#stream.write(line.slice(0, (this.#stream.columns || 80) - 1));
    this.#drawn = true;
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[2K');
    this.#drawn = false;
  }
}
