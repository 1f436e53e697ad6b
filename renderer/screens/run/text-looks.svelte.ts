import type { Neighbours, SampleTokens } from '../../../shared/domain/sample-tokens.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** Looks kept before the oldest are dropped. */
const most = 200;

/** Answers by what was asked; each is asked for when it is first shown, and again if it failed. */
class Answers<T> {
  #known = $state.raw<ReadonlyMap<string, T | CupbearerError>>(new Map());

  of(key: string): T | CupbearerError | undefined {
    return this.#known.get(key);
  }

  async load(key: string, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<void> {
    const before = this.#known.get(key);
    if (before !== undefined && !(before instanceof CupbearerError)) return;
    let answer: T | CupbearerError;
    try {
      answer = await ask(signal);
    } catch (error) {
      answer = toCupbearerError(error);
    }
    if (signal.aborted) return;
    const known = new Map(this.#known).set(key, answer);
    for (const oldest of known.keys()) {
      if (known.size <= most) break;
      known.delete(oldest);
    }
    this.#known = known;
  }
}

/** The tokens of a run's test samples, and the trusted samples nearest to them. */
export class TextLooks {
  readonly #tokens = new Answers<SampleTokens>();
  readonly #near = new Answers<Neighbours>();
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  tokens(position: number): SampleTokens | CupbearerError | undefined {
    return this.#tokens.of(String(position));
  }

  loadTokens(position: number, signal: AbortSignal): Promise<void> {
    const id = this.#id;
    return this.#tokens.load(
      String(position),
      (stop) => client.runs.tokens({ id, position }, { signal: stop }),
      signal,
    );
  }

  near(position: number, layer: string, tokens: Neighbours['tokens']): Neighbours | CupbearerError | undefined {
    return this.#near.of([position, layer, tokens].join('\n'));
  }

  loadNear(position: number, layer: string, tokens: Neighbours['tokens'], signal: AbortSignal): Promise<void> {
    const asked = { id: this.#id, position, layer, tokens };
    const key = [position, layer, tokens].join('\n');
    return this.#near.load(key, (stop) => client.runs.neighbours(asked, { signal: stop }), signal);
  }
}
