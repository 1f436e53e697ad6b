import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';
import { browserOptions } from './test/e2e/browser.ts';

const config: PlaywrightTestConfig = {
  testDir: 'test/e2e',
  outputDir: 'dist/test-results',
  // Each file has a program of its own, which computes: more files at once than processors would only wait.
  workers: 2,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  // A page, a program and its training share two cores with another of each; one that needs its second chance is listed as flaky.
  retries: 1,
  reporter: [['list'], ['./test/e2e/count-reporter.ts']],
  use: {
    // What cannot be clicked fails where it is, not with the whole test.
    actionTimeout: 20_000,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: browserOptions,
  },
};

export default defineConfig(config);
