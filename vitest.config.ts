import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { cacheFolder, sharedCompileCache } from './test/private-cache.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    pool: 'forks',
    maxWorkers: 2,
    // What the user has installed (a compute engine) must not decide what is tested.
    // Threads are part of what is tested, whether or not they pay on a machine that runs tests.
    env: { CUPBEARER_HOME: join(cacheFolder, 'no-home'), CUPBEARER_THREADS: '2', ...sharedCompileCache },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/count-reporter.ts'],
  },
});
