import { toCupbearerError } from './client.ts';

/** The newest answer to a question that is asked again and again; an older one that comes late is dropped. */
export class Latest<T> {
  value = $state.raw<T | null>(null);
  error = $state<string | null>(null);
  isComputing = $state(false);
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = Promise.withResolvers<void>();

  /** Asks after a moment, unless another question comes first. */
  ask(question: (signal: AbortSignal) => Promise<T>, delayMs: number): void {
    this.drop();
    const abort = new AbortController();
    this.#abort = abort;
    this.#open = Promise.withResolvers();
    this.isComputing = true;
    this.#timer = setTimeout(() => void this.#answer(question, abort), delayMs);
  }

  /** Wants no answer any more; the last one stays. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#close();
  }

  /** Resolves when the newest question is answered; immediately if none is open. */
  async settled(): Promise<void> {
    while (this.isComputing) await this.#open.promise;
  }

  #close(): void {
    this.isComputing = false;
    this.#open.resolve();
  }

  async #answer(question: (signal: AbortSignal) => Promise<T>, { signal }: AbortController): Promise<void> {
    try {
      const value = await question(signal);
      if (signal.aborted) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      this.value = null;
      this.error = toCupbearerError(error).message;
    }
    this.#close();
  }
}
