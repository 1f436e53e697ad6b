import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

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

/** Who may talk to the program: whoever brought the token that was printed, and has since carried the cookie. */
export class Access {
  readonly #cookie: string;
  readonly #session = newSecret();
  #token = newSecret();

  /**
   * `place` tells this program from others that the same browser may know. Cookies are shared by all ports of a machine
   * (and a port may lead to another machine): names of their own keep two programs from signing each other out.
   */
  constructor(place: string) {
    this.#cookie = `cupbearer_${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
  }

  /** The token that the next link carries. */
  get token(): string {
    return this.#token;
  }

  /** The value of `Set-Cookie` for a token that is right, which is then used up; undefined for any other. */
  exchange(token: string): string | undefined {
    if (!isSame(token, this.#token)) return undefined;
    this.#token = newSecret();
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request's `Cookie` header carries the session. */
  isAllowed(cookies: string | undefined): boolean {
    const carried = (cookies ?? '').split(';').map((cookie) => cookie.trim().split('='));
    return carried.some(([name, value = '']) => name === this.#cookie && isSame(value, this.#session));
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
