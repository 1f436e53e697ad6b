import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { cacheFolder, sharedCompileCache } from './test/private-cache.ts';

const windowTests = 'test/renderer/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // What the user has installed (a compute engine) must not decide what is tested.
    // Threads are part of what is tested, whether or not they pay on a machine that runs tests.
    env: { CUPBEARER_HOME: join(cacheFolder, 'no-home'), CUPBEARER_THREADS: '2', ...sharedCompileCache },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'program', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', windowTests] },
      },
      {
        extends: true,
        plugins: [svelte()],
        // Svelte's state reacts in a browser alone.
        resolve: { conditions: ['browser'] },
        test: { name: 'window', include: [windowTests], environment: './test/renderer/page.ts' },
      },
    ],
  },
});
