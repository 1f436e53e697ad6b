import type { ClientContext, ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import { CupbearerError } from '../../shared/errors.ts';
import { onWeb } from './host.ts';

type Link = ClientLink<ClientContext>;

interface Opened {
  link: Link;
  closed: Promise<void>;
}

const longestPauseMs = 5000;

/** What the preload script says when it hands over the port, and what it is asked for one with. */
const portMessage = 'cupbearer:port';
const portRequest = 'cupbearer:connect';

/**
 * The connection to the program: a MessagePort in Electron, whose pages have their own protocol, otherwise a WebSocket
 * to where the page came from. It restores itself with growing pauses.
 */
class Connection {
  /** `connecting` only before the first connection; the user is informed when it is `lost`. */
  state = $state<'connecting' | 'open' | 'lost'>('connecting');
  /** Tries that failed since it was last open. */
  failures = $state(0);
  /** Grows with every time that it was opened: streams start again when it does. */
  generation = $state(0);

  #opened: Promise<Opened>;
  #resolve!: (opened: Opened) => void;
  #retryNow: (() => void) | undefined;

  constructor() {
    this.#opened = this.#next();
    void this.#keepOpen();
  }

  /** Resolves with the link when it is open. @throws the signal's reason if that aborts first. */
  async link(signal?: AbortSignal): Promise<Link> {
    signal?.throwIfAborted();
    if (!signal) return (await this.#opened).link;
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return (await Promise.race([this.#opened, promise])).link;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Tries to connect at once instead of after the pause. */
  retry(): void {
    this.#retryNow?.();
  }

  /** Whether an error of a link means that the connection went away. */
  isCutOff(error: Error): boolean {
    return this.state !== 'open' || error.name === 'AbortError' || /not open|closed|aborted/i.test(error.message);
  }

  #next(): Promise<Opened> {
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  async #keepOpen(): Promise<never> {
    const open = onWeb ? openSocket : openPort;
    for (;;) {
      try {
        const opened = await open();
        this.failures = 0;
        this.state = 'open';
        this.generation++;
        this.#resolve(opened);
        await opened.closed;
        this.#opened = this.#next();
      } catch {
        this.failures++;
      }
      this.state = 'lost';
      await this.#pause(Math.min(longestPauseMs, 250 * 2 ** this.failures));
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#retryNow = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#retryNow = done;
    });
  }
}

/** Returns the key that the sign-in page (public/sign-in.js) stored for this origin; null if it has none. */
function signInKey(): string | null {
  try {
    return localStorage.getItem('cupbearer:key');
  } catch {
    return null;
  }
}

function openSocket(): Promise<Opened> {
  return new Promise((resolve, reject) => {
    // Read each time: after the program was started again, another tab may have signed in.
    const key = signInKey();
    if (key === null) {
      location.replace('/signed-out');
      return;
    }
    const address = new URL('/rpc', location.href);
    address.searchParams.set('key', key);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const websocket = new WebSocket(address);
    const closed = new Promise<void>((end) => websocket.addEventListener('close', () => end(), { once: true }));
    websocket.addEventListener('open', () => resolve({ link: new SocketLink({ websocket }), closed }), { once: true });
    void closed.then(() => reject(new CupbearerError('crashed', 'The program cannot be reached.')));
  });
}

function openPort(): Promise<Opened> {
  return new Promise((resolve) => {
    const receive = (event: MessageEvent) => {
      const port = event.ports[0];
      if (event.source !== window || event.data !== portMessage || !port) return;
      window.removeEventListener('message', receive);
      const closed = new Promise<void>((end) => port.addEventListener('close', () => end(), { once: true }));
      const link = new PortLink({ port });
      port.start();
      resolve({ link, closed });
    };
    window.addEventListener('message', receive);
    window.postMessage(portRequest, location.origin === 'null' ? '*' : location.origin);
  });
}

export const connection = new Connection();
