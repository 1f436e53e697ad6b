import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request asks for this machine by a name that only it has. The port may be another (`ssh -L`); any other name
 * is that of a foreign site that had itself resolved to this machine (DNS rebinding).
 */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(host)?.[1];
  return name !== undefined && loopback.has(name.toLowerCase());
}

/**
 * Whether a page of ours sent the request. Cookies do not tell ports apart, so a page that another program serves from
 * this machine would have them sent along; its origin gives it away. Browsers leave `Origin` out where one opens a page.
 */
export function isOwnOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || origin === `http://${host}`;
}

/**
 * Returns whether a browser asks for a page that nobody has opened yet: to have it at hand, or for a preview. Such a
 * request must not use a link up.
 */
export function isLookingAhead(headers: IncomingHttpHeaders): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|prerender|preview/i.test(String(headers[name] ?? '')),
  );
}

/** What a browser gets for a token. */
export interface SignIn {
  /** The value of `Set-Cookie`. */
  cookie: string;
  /** What the pages send along with a connection. */
  key: string;
}

/**
 * Decides who may talk to the program: a browser that brought the printed token, and has since carried the cookie and the
 * key. A browser sends cookies to every port of a machine, so a program of another user would see ours when the browser
 * visits it. The key is kept by the pages, which browsers tell apart by port: calls are answered only with both.
 */
export class Access {
  readonly #cookie: string;
  readonly #session = newSecret();
  readonly #key = newSecret();
  #token = newSecret();

  /**
   * `port` and `machine` name the cookie. With `ssh -L`, one browser may reach several machines under one name, and the
   * same port of each: cookies of different names do not sign one another out.
   */
  constructor(port: number, machine: string) {
    const mark = createHash('sha256').update(machine).digest('hex').slice(0, 8);
    this.#cookie = `cupbearer_${port}_${mark}`;
  }

  /** The token that the next link carries. */
  get token(): string {
    return this.#token;
  }

  /** Returns what the right token is exchanged for, and uses it up; undefined for any other. */
  exchange(token: string): SignIn | undefined {
    if (!isSame(token, this.#token)) return undefined;
    this.#token = newSecret();
    // Without Domain the cookie is this host's alone.
    return { cookie: `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`, key: this.#key };
  }

  /** Whether a request's `Cookie` header carries the session. */
  isAllowed(cookies: string | undefined): boolean {
    const carried = (cookies ?? '').split(';').map((cookie) => cookie.trim().split('='));
    return carried.some(([name, value = '']) => name === this.#cookie && isSame(value, this.#session));
  }

  /** Whether this is the key that came with the cookie. */
  isKey(key: string | null): boolean {
    return key !== null && isSame(key, this.#key);
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Takes the same time wherever the two differ. */
function isSame(given: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}
