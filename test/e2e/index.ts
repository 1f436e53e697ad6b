/** `npm run test:e2e`: the end-to-end tests in a real browser; arguments are passed on to Playwright. */
import { runPlaywright } from './run-playwright.ts';

process.exitCode = runPlaywright(process.argv.slice(2));
