import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request asks for this machine by a name that only it has. The port may be another (`ssh -L`); any other
 * name is that of a foreign site that had itself resolved to this machine (DNS rebinding).
 */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(host)?.[1];
  return name !== undefined && loopback.has(name.toLowerCase());
}

/**
 * Returns whether one of the program's pages sent the request. Cookies ignore ports, so they are also sent with
 * requests of a page that another program serves on this machine; its origin reveals it. Browsers omit `Origin` when a
 * page is opened.
 */
export function isOwnOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || origin === `http://${host}`;
}

/**
 * Returns whether a browser requests a page before it is opened, to prefetch it or for a preview. Such a
 * request must not use a link up.
 */
export function isLookingAhead(headers: IncomingHttpHeaders): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|prerender|preview/i.test(String(headers[name] ?? '')),
  );
}

/** How long a browser stays signed in. */
export const sessionDays = 30;

const sessionMs = sessionDays * 24 * 3_600_000;

/**
 * More browsers, and more addresses of this machine per browser, than anybody has; beyond that the oldest is signed
 * out.
 */
const most = { sessions: 64, keys: 16 };

/** What a browser gets for a token. */
export interface SignIn {
  /** The value of `Set-Cookie`. */
  cookie: string;
  /** What the pages send along with a connection. */
  key: string;
}

/** A browser that has signed in. Only hashes of its secrets are stored, with which nobody can sign in. */
export interface Session {
  cookieHash: string;
  /**
   * One for each address under which it has signed in: browsers keep them apart, and the cookie for all ports of a
   * host.
   */
  keyHashes: readonly string[];
  /** When it ends, ms since the epoch. */
  expires: number;
}

/** Where sessions are stored to outlast the program, if anywhere. */
export interface SessionStore {
  load(): Session[];
  save(sessions: readonly Session[]): void;
}

interface AccessOptions {
  store?: SessionStore | undefined;
  /** A clock, ms since the epoch. */
  now?: () => number;
}

/**
 * Decides who may talk to the program: a browser that brought the printed token, and has since carried the cookie and
 * the key. A browser sends cookies to every port of a machine, so a program of another user would see ours when the
 * browser visits it. The key is kept by the pages, which browsers separate by port: calls are answered only with both.
 */
export class Access {
  readonly #cookie: string;
  readonly #store: SessionStore | undefined;
  readonly #now: () => number;
  /** The oldest first. */
  #sessions: readonly Session[];
  #token = newSecret();

  /**
   * `port` and `machine` name the cookie. With `ssh -L`, one browser may reach several machines under one name, and the
   * same port of each: cookies of different names do not sign one another out.
   */
  constructor(port: number, machine: string, { store, now = Date.now }: AccessOptions = {}) {
    const mark = createHash('sha256').update(machine).digest('hex').slice(0, 8);
    this.#cookie = `cupbearer_${port}_${mark}`;
    this.#store = store;
    this.#now = now;
    this.#sessions = store?.load() ?? [];
  }

  /** The token that the next link carries. */
  get token(): string {
    return this.#token;
  }

  /**
   * Returns what the right token is exchanged for, and uses it up; undefined for any other. A browser whose `Cookie`
   * header shows that it is in already keeps its session, so that its other addresses stay signed in.
   */
  exchange(token: string, cookies: string | undefined): SignIn | undefined {
    if (!isSame(token, this.#token)) return undefined;
    this.#token = newSecret();
    const [known] = this.#sessionsOf(cookies);
    const [value, key] = [known?.value ?? newSecret(), newSecret()];
    const session: Session = {
      cookieHash: hashOf(value),
      keyHashes: [...(known?.session.keyHashes ?? []), hashOf(key)].slice(-most.keys),
      expires: this.#now() + sessionMs,
    };
    const others = this.#sessions.filter(({ cookieHash }) => cookieHash !== session.cookieHash);
    this.#change([...others, session].slice(-most.sessions));
    // Without Domain the cookie is this host's alone.
    const cookie = `${this.#cookie}=${value}; Path=/; Max-Age=${sessionMs / 1000}; HttpOnly; SameSite=Strict`;
    return { cookie, key };
  }

  /** Whether a request's `Cookie` header carries a session. */
  isAllowed(cookies: string | undefined): boolean {
    return this.#sessionsOf(cookies).length > 0;
  }

  /** Whether this is a key of the session that the `Cookie` header carries. */
  isKey(key: string | null, cookies: string | undefined): boolean {
    if (key === null) return false;
    const given = hashOf(key);
    return this.#sessionsOf(cookies).some(({ session }) => session.keyHashes.includes(given));
  }

  /** Signs all browsers out, and makes a link that was not used void. Returns how many there were. */
  signOut(): number {
    const { length } = this.#sessions.filter((session) => this.#isCurrent(session));
    this.#token = newSecret();
    this.#change([]);
    return length;
  }

  #sessionsOf(cookies: string | undefined): { session: Session; value: string }[] {
    const carried = (cookies ?? '').split(';').map((cookie) => cookie.trim().split('='));
    return carried.flatMap(([name, value = '']) => {
      if (name !== this.#cookie) return [];
      const given = hashOf(value);
      const session = this.#sessions.find(({ cookieHash }) => cookieHash === given);
      return session && this.#isCurrent(session) ? [{ session, value }] : [];
    });
  }

  #isCurrent({ expires }: Session): boolean {
    return this.#now() < expires;
  }

  #change(sessions: readonly Session[]): void {
    this.#sessions = sessions.filter((session) => this.#isCurrent(session));
    this.#store?.save(this.#sessions);
  }
}

/** Returns an unguessable text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares what was given with a secret. Takes the same time wherever the two differ. */
export function isSame(given: string, secret: string): boolean {
  const bytes = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(bytes(given), bytes(secret));
}

/** Compares hashes, so that the time it takes reveals nothing about the secrets. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
