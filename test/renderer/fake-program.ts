import type { ContractRouterClient } from '@orpc/contract';
import { vi } from 'vitest';
import { connection } from '../../renderer/app/connection.svelte.ts';
import type { contract } from '../../shared/contract.ts';

type Client = ContractRouterClient<typeof contract>;
type Output<Result> = Result extends AsyncIteratorObject<infer Event, unknown, void> ? Stream<Event> : Result;
type Answer<Call> = Call extends (...given: infer Given) => Promise<infer Result>
  ? (input: Given[0], signal: AbortSignal | undefined) => Output<Result> | Promise<Output<Result>>
  : never;
/** Answers to some calls of the contract. */
export type Answers = { [Group in keyof Client]?: { [Call in keyof Client[Group]]?: Answer<Client[Group][Call]> } };
type Untyped = Record<string, Record<string, (input: unknown, signal: AbortSignal | undefined) => unknown>>;

/** Lets a program with these answers be what the window is connected to. Returns the names of the calls as they come. */
export function answerWith(answers: Answers): string[] {
  const asked: string[] = [];
  vi.spyOn(connection, 'link').mockResolvedValue({
    async call([group = '', name = ''], input, { signal }) {
      asked.push(`${group}.${name}`);
      const answer = (answers as Untyped)[group]?.[name];
      if (!answer) throw new Error(`${group}.${name} was not expected.`);
      const output = await answer(input, signal);
      return output instanceof Stream ? output.events() : output;
    },
  });
  return asked;
}

/** A stream of the contract: first what is given, then what is pushed, until it is ended or broken. */
export class Stream<T> {
  readonly #events: T[];
  #end: { error?: unknown } | undefined;
  #wake = () => {};

  constructor(...events: T[]) {
    this.#events = events;
  }

  push(event: T): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#end = {};
    this.#wake();
  }

  break(error: unknown): void {
    this.#end = { error };
    this.#wake();
  }

  async *events(): AsyncGenerator<T, void, void> {
    for (;;) {
      const next = this.#events.shift();
      if (next !== undefined) yield next;
      else if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
