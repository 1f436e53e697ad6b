import { builtinEnvironments, type Environment } from 'vitest/runtime';

/** What a page remembers. */
class Storage {
  readonly #values = new Map<string, string>();
  getItem = (key: string): string | null => this.#values.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#values.set(key, value);
  removeItem = (key: string): void => void this.#values.delete(key);
  clear = (): void => this.#values.clear();
}

/** The desktop program's page, as far as the window's state looks at it: an address, a history, what is stored, frames. */
function page(): Record<string, unknown> {
  const events = new EventTarget();
  let hash = '';
  const moveTo = (next: string) => {
    if (next === hash) return;
    hash = next;
    events.dispatchEvent(new Event('hashchange'));
  };
  const location = {
    protocol: 'app:',
    origin: 'app://cupbearer',
    get hash() {
      return hash;
    },
    set hash(next: string) {
      moveTo(next);
    },
  };
  return {
    location,
    history: { replaceState: (_data: unknown, _title: string, next: string) => (hash = next) },
    localStorage: new Storage(),
    document: { documentElement: { dataset: {} } },
    window: {
      addEventListener: events.addEventListener.bind(events),
      removeEventListener: events.removeEventListener.bind(events),
      dispatchEvent: events.dispatchEvent.bind(events),
      // As wide as the full layout.
      matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
      // Nobody hands over a port: what is asked of the program is answered by a test (fake-program.ts).
      postMessage: () => undefined,
    },
    requestAnimationFrame: (draw: () => void) => setTimeout(draw, 16),
  };
}

/** Tests of the window run with a page of their own, and with the build of Svelte that browsers have. */
export default {
  name: 'page',
  viteEnvironment: 'client',
  async setup(global, options) {
    const node = await builtinEnvironments.node.setup(global, options);
    const parts = page();
    for (const [name, value] of Object.entries(parts))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    return {
      async teardown() {
        for (const name of Object.keys(parts)) Reflect.deleteProperty(globalThis, name);
        await node.teardown(global);
      },
    };
  },
} satisfies Environment;
