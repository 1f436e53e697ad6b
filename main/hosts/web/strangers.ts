import type { Duplex } from 'node:stream';

/**
 * Bounds the connections that have not shown a session. Anybody on this machine can open those, but they must not
 * use up the connections of the user: a further one replaces the oldest. Browsers show theirs at once, with the
 * head of their first request.
 */
export class Strangers {
  readonly #most: number;
  /** The oldest first. */
  readonly #connections = new Set<Duplex>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a new connection, and closes the oldest stranger if there are too many. */
  add(connection: Duplex): void {
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    if (this.#connections.size <= this.#most) return;
    const [oldest] = this.#connections;
    this.#connections.delete(oldest!);
    oldest!.destroy();
  }

  /** Lets a connection stay that has shown the session. */
  welcome(connection: Duplex): void {
    this.#connections.delete(connection);
  }
}
