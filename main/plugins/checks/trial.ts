import type { PluginCheck } from '../../../shared/domain/plugin.ts';
import { CupbearerError, toErrorRecord } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import type { PluginLaunch } from '../plugin-launch.ts';
import { PluginProcess, type PluginOptions } from '../plugin-process.ts';

export interface CheckOptions extends Pick<PluginOptions, 'log' | 'signal'> {
  /** Is told each check as it ends. */
  tell?: (check: PluginCheck) => void;
}

/** Longest that a check may say nothing: all data are tiny. */
const silentMs = 10_000;

/** As float32 is rounded where a batch is cut differently, or activations are on another scale. */
export const tolerance = 1e-4;

/** The seed of all trials. */
export const trialSeed = 1;

export type Params = Readonly<Record<string, unknown>>;
/** Does a check; resolves with what it gives, undefined where it did not pass. */
export type Check = <T>(name: string, work: () => T | Promise<T>) => Promise<T | undefined>;

/** The checks of a plugin, and the process that they are done in. */
export class Trial {
  readonly checks: PluginCheck[] = [];
  readonly #launch: PluginLaunch;
  readonly #options: CheckOptions;
  #running: PluginProcess | undefined;

  constructor(launch: PluginLaunch, options: CheckOptions) {
    this.#launch = launch;
    this.#options = options;
  }

  async check<T>(definition: string, name: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#add({ name, definition, passed: true });
      return result;
    } catch (error) {
      if (this.#options.signal?.aborted || !(error instanceof CupbearerError)) throw error;
      const { message, hint, details = {} } = toErrorRecord(error);
      const { file, line } = details;
      this.#add({
        name,
        definition,
        passed: false,
        reason: hint === undefined ? message : `${message} ${hint}`,
        ...given({
          file: typeof file === 'string' ? file : undefined,
          line: typeof line === 'number' ? line : undefined,
        }),
      });
      return undefined;
    }
  }

  #add(check: PluginCheck): void {
    this.checks.push(check);
    this.#options.tell?.(check);
  }

  /** The process; a new one after a failure. */
  async process(signal?: AbortSignal): Promise<PluginProcess> {
    if (this.#running && !this.#running.hasFailed && !signal) return this.#running;
    await this.end();
    const { log, signal: outer } = this.#options;
    const either = signal && outer ? AbortSignal.any([signal, outer]) : (signal ?? outer);
    this.#running = await PluginProcess.start(this.#launch, {
      limits: { silentMs },
      ...given({ log, signal: either }),
    });
    return this.#running;
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }
}

/** What a check that did not pass throws. */
export function failure(message: string): CupbearerError {
  return new CupbearerError('plugin', message);
}

/** Refuses values that differ. */
export function sameValues(before: ArrayLike<number>, after: ArrayLike<number>, what: string): void {
  if (before.length !== after.length)
    throw failure(`${what} have ${before.length} values, and ${after.length} the second time.`);
  for (let i = 0; i < before.length; i++)
    if (before[i] !== after[i]) throw failure(`${what}: value ${i} is ${before[i]}, and ${after[i]} the second time.`);
}
