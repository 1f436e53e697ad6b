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
  const steps = [''];
  const show = (change: () => void) => {
    const before = steps.at(-1);
    change();
    if (steps.at(-1) !== before) events.dispatchEvent(new Event('hashchange'));
  };
  const location = {
    protocol: 'app:',
    origin: 'app://cupbearer',
    get hash() {
      return steps.at(-1)!;
    },
    set hash(next: string) {
      if (next !== steps.at(-1)) show(() => steps.push(next));
    },
  };
  return {
    location,
    history: {
      replaceState: (_data: unknown, _title: string, next: string) => (steps[steps.length - 1] = next),
      back: () => steps.length > 1 && show(() => steps.pop()),
    },
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
