import type { ChildProcess, LaunchOptions, ProcessLauncher } from './child-process.ts';

/** Keeps track of the processes that it starts, so that they can be ended together. */
export class RunningProcesses {
  readonly #running = new Set<{ kill(): void }>();
  readonly #launch: ProcessLauncher;
  readonly #environment: () => Readonly<Record<string, string>>;

  /** Each process also gets the variables that `environment` returns when it is started. */
  constructor(launch: ProcessLauncher, environment: () => Readonly<Record<string, string>> = () => ({})) {
    this.#launch = launch;
    this.#environment = environment;
  }

  readonly launch: ProcessLauncher = <ToChild, FromChild>(
    entry: string,
    { env, ...options }: LaunchOptions = {},
  ): ChildProcess<ToChild, FromChild> => {
    const child = this.#launch<ToChild, FromChild>(entry, { ...options, env: { ...env, ...this.#environment() } });
    this.#running.add(child);
    child.onEnd(() => this.#running.delete(child));
    return child;
  };

  killAll(): void {
    for (const child of this.#running) child.kill();
  }
}
