import type { Environment } from 'vitest/runtime';

/** A page that has an address and remembers, and no more: what the window's state asks of one. */
export default {
  name: 'page',
  viteEnvironment: 'client',
  setup: () => ({ teardown: () => undefined }),
} satisfies Environment;
