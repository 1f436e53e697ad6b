import { describe, expect, it } from 'vitest';
import { Access, sessionDays, type Session, type SessionStore } from '../../main/hosts/web/access.ts';

const dayMs = 24 * 3_600_000;

/** What a browser sends of what it was given. */
function browserOf({ cookie, key }: { cookie: string; key: string }): { cookies: string; key: string } {
  return { cookies: cookie.split(';')[0]!, key };
}

function memoryStore(): SessionStore & { kept: readonly Session[] } {
  return {
    kept: [],
    load() {
      return [...this.kept];
    },
    save(sessions) {
      this.kept = structuredClone(sessions);
    },
  };
}

/** A browser that signs in, perhaps with what it has. */
const signIn = (access: Access, cookies?: string) => browserOf(access.exchange(access.token, cookies)!);

describe('a session', () => {
  it('belongs to one browser: its cookie is no good with the key of another', () => {
    const access = new Access(4848, 'machine');
    const [one, other] = [signIn(access), signIn(access)];
    expect(one.cookies).not.toBe(other.cookies);
    expect([access.isAllowed(one.cookies), access.isAllowed(other.cookies)]).toEqual([true, true]);
    expect([access.isKey(one.key, one.cookies), access.isKey(other.key, other.cookies)]).toEqual([true, true]);
    expect([access.isKey(one.key, other.cookies), access.isKey(null, one.cookies)]).toEqual([false, false]);
    expect(access.isKey(one.key, undefined)).toBe(false);
  });

  it('has a key for each address of the machine that its browser has signed in at', () => {
    const access = new Access(4848, 'machine');
    const near = signIn(access);
    const far = signIn(access, near.cookies);
    expect(far.cookies).toBe(near.cookies);
    expect([access.isKey(near.key, near.cookies), access.isKey(far.key, near.cookies)]).toEqual([true, true]);
  });

  it(`ends after ${sessionDays} days, in the browser and here`, () => {
    let time = 1_000_000;
    const access = new Access(4848, 'machine', { now: () => time });
    const given = access.exchange(access.token, undefined)!;
    const { cookies, key } = browserOf(given);
    expect(given.cookie).toContain(`; Max-Age=${(sessionDays * dayMs) / 1000};`);
    time += sessionDays * dayMs - 1;
    expect(access.isKey(key, cookies)).toBe(true);
    time += 1;
    expect([access.isAllowed(cookies), access.isKey(key, cookies)]).toEqual([false, false]);
    // A cookie of old is not taken up again.
    expect(signIn(access, cookies).cookies).not.toBe(cookies);
  });

  it('is revoked with all others, and with the link that nobody has used', () => {
    const access = new Access(4848, 'machine');
    const browsers = [signIn(access), signIn(access)];
    const { token } = access;
    expect(access.signOut()).toBe(2);
    expect(browsers.map(({ cookies }) => access.isAllowed(cookies))).toEqual([false, false]);
    expect(access.exchange(token, undefined)).toBeUndefined();
    expect(access.isAllowed(signIn(access).cookies)).toBe(true);
    expect(access.signOut()).toBe(1);
  });

  it('makes room for the newest where there are more than anybody has', () => {
    const access = new Access(4848, 'machine');
    const browsers = Array.from({ length: 65 }, () => signIn(access));
    expect(browsers.map(({ cookies }) => access.isAllowed(cookies))).toEqual([false, ...Array<boolean>(64).fill(true)]);
    const [, second] = browsers;
    const keys = Array.from({ length: 16 }, () => signIn(access, second!.cookies).key);
    expect(access.isKey(second!.key, second!.cookies)).toBe(false);
    expect(keys.every((key) => access.isKey(key, second!.cookies))).toBe(true);
  });
});

describe('what is kept of sessions', () => {
  it('lets them in again after a restart, until they end or are revoked', () => {
    let time = 1_000_000;
    const store = memoryStore();
    const start = () => new Access(4848, 'machine', { store, now: () => time });
    const { cookies, key } = signIn(start());
    expect(start().isKey(key, cookies)).toBe(true);
    time += sessionDays * dayMs;
    expect(start().isAllowed(cookies)).toBe(false);
    const again = signIn(start());
    // What has ended is not kept.
    expect(store.kept).toHaveLength(1);
    start().signOut();
    expect(start().isAllowed(again.cookies)).toBe(false);
  });

  it('signs nobody in by itself', () => {
    const store = memoryStore();
    const { cookies, key } = signIn(new Access(4848, 'machine', { store }));
    const kept = JSON.stringify(store.kept);
    for (const secret of [cookies.split('=')[1]!, key]) expect(kept).not.toContain(secret);
    const [{ cookieHash, keyHashes }] = store.kept as [Session];
    const access = new Access(4848, 'machine', { store });
    expect(access.isKey(keyHashes[0]!, `${cookies.split('=')[0]}=${cookieHash}`)).toBe(false);
  });
});
