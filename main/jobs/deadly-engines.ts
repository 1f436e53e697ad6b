import { CupbearerError } from '../../shared/errors.ts';
import type { ProcessEnd } from './child-process.ts';
import type { EngineNews, OpeningNoted } from './engine-news.ts';

/** Why each engine ended a process that opened it, by id, for as long as this program runs. */
const deadly = new Map<string, string>();

/** Returns the engines that processes must not open because they ended one before, with the reason. */
export function deadlyEngines(): Record<string, string> {
  return Object.fromEntries(deadly);
}

/** Takes an engine off the list, because a process has opened it and is still running. */
export function forgetDeadly(id: string): void {
  deadly.delete(id);
}

/** "was ended by SIGSEGV", "ended with code 1". */
export function howItEnded({ code, signal }: Pick<ProcessEnd, 'code' | 'signal'>): string {
  return signal ? `was ended by ${signal}` : `ended with code ${code}`;
}

/** Signals that are sent by others: the user, or a system out of memory. */
const fromElsewhere: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** Tracks which engine a process is opening, to know which one ended it. */
export class OpeningFollower {
  #opening: string | undefined;
  #holdsGpu = false;

  /** Whether an engine in the process holds GPU memory. */
  get holdsGpu(): boolean {
    return this.#holdsGpu;
  }

  /** The engine that is being opened. */
  get opening(): string | undefined {
    return this.#opening;
  }

  /** Handles a message from the process; `answer` sends one back. */
  hear(news: EngineNews, answer: (message: OpeningNoted) => void): void {
    if (news.type === 'opening') {
      this.#opening = news.engine;
      answer({ type: 'opening-noted' });
    } else {
      this.#opening = undefined;
      this.#holdsGpu = news.holdsGpu;
    }
  }

  /** Returns the engine that ended the process, and remembers it; undefined if none did. */
  blame(end: ProcessEnd): string | undefined {
    const id = this.#opening;
    if (id === undefined || end.cause !== undefined || fromElsewhere.includes(end.signal)) return undefined;
    deadly.set(id, `The process that opened it ${howItEnded(end)}.`);
    return id;
  }
}

/** Thrown when opening an engine ended the process. */
export class EngineCrash extends CupbearerError {
  readonly engine: string;

  constructor(engine: string, hint: string | undefined, end: ProcessEnd) {
    const { code, signal, errorOutput } = end;
    super('crashed', `The process that opened the engine "${engine}" ${howItEnded(end)}.`, {
      hint: `The engine does not fit this machine, or a file of it is damaged. ${hint ?? ''}`.trimEnd(),
      details: { engine, code, signal, errorOutput },
    });
    this.engine = engine;
  }
}
