/** `npm run test:electron`: the end-to-end tests against Electron itself, where its binary is. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { electronBinary } from '../../main/hosts/electron/start.ts';
import { runPlaywright } from './run-playwright.ts';

const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));

if (electronBinary(folder) === undefined) {
  process.stdout.write('skipped: no Electron binary\n');
} else {
  process.exitCode = runPlaywright([], { CUPBEARER_E2E: 'electron' });
}
