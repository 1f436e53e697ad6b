import type { EngineStatus, SpeedReport } from '../../../shared/domain/engine.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** What the engines are and how fast: kept while the program is open, since testing them takes seconds. */
class Engines {
  statuses = $state.raw<readonly EngineStatus[] | null>(null);
  checking = $state(false);
  error = $state<string | null>(null);

  report = $state.raw<SpeedReport | null>(null);
  progress = $state.raw<{ done: number; total: number; note: string } | null>(null);
  #test: AbortController | undefined;

  async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    this.error = null;
    try {
      this.statuses = await client.engines.statuses({});
    } catch (error) {
      this.error = toCupbearerError(error).message;
    } finally {
      this.checking = false;
    }
  }

  /** @throws CupbearerError if the engine does not work; `cancelled` if the user stopped it. */
  async measure(engine: string): Promise<void> {
    this.#test = new AbortController();
    this.progress = { done: 0, total: 1, note: 'Starting' };
    try {
      const events = await client.engines.speedTest({ engine }, { signal: this.#test.signal });
      for await (const event of events) {
        if (event.type === 'report') this.report = event.report;
        else this.progress = event;
      }
    } finally {
      this.progress = null;
    }
  }

  stop(): void {
    this.#test?.abort();
  }
}

export const engines = new Engines();
