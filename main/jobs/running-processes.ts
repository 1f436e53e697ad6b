import type { ChildProcess, LaunchOptions, ProcessLauncher } from './child-process.ts';

/** Knows the processes that were started through it, so that they can be ended together. */
export class RunningProcesses {
  readonly #running = new Set<{ kill(): void }>();
  readonly #launch: ProcessLauncher;

  constructor(launch: ProcessLauncher) {
    this.#launch = launch;
  }

  readonly launch: ProcessLauncher = <ToChild, FromChild>(
    entry: string,
    options?: LaunchOptions,
  ): ChildProcess<ToChild, FromChild> => {
    const child = this.#launch<ToChild, FromChild>(entry, options);
    this.#running.add(child);
    child.onEnd(() => this.#running.delete(child));
    return child;
  };

  killAll(): void {
    for (const child of this.#running) child.kill();
  }
}
