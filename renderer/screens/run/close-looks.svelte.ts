import type { CloseSample } from '../../../shared/domain/samples.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { shownSamples, type ShownSample } from '../../runs/shown-samples.ts';

/** A test sample beside what it was made of, and what the model takes it for. */
export interface CloseLook extends Omit<CloseSample, 'sample'> {
  /** null if there is nothing to look at. */
  shown: ShownSample | null;
}

/** Looks kept before the oldest are dropped. */
const most = 200;

/** Closer looks at the test samples of a run; each is asked for when its sample is inspected. */
export class CloseLooks {
  #known = $state.raw<ReadonlyMap<number, CloseLook | CupbearerError>>(new Map());
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  /** The close look at a sample, or why there is none; undefined until it has arrived. */
  of(position: number): CloseLook | CupbearerError | undefined {
    return this.#known.get(position);
  }

  /** Asks for the look at a sample unless it is there; one that failed is asked for again. */
  async load(position: number, signal: AbortSignal): Promise<void> {
    const before = this.#known.get(position);
    if (before !== undefined && !(before instanceof CupbearerError)) return;
    let look: CloseLook | CupbearerError;
    try {
      const { sample, ...model } = await client.runs.sample({ id: this.#id, position }, { signal });
      const shown = sample.kind === 'none' ? null : ((await shownSamples(sample))[0] ?? null);
      look = { ...model, shown };
    } catch (error) {
      look = toCupbearerError(error);
    }
    // After moving to another sample, neither the answer nor the cancellation matters.
    if (signal.aborted) return;
    const known = new Map(this.#known).set(position, look);
    for (const oldest of known.keys()) {
      if (known.size <= most) break;
      known.delete(oldest);
    }
    this.#known = known;
  }
}
