/** `npm run test:electron`: the end-to-end tests against Electron itself, where its binary is. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { electronBinary } from '../../main/hosts/electron/start.ts';

const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));

if (electronBinary(folder) === undefined) {
  process.stdout.write('skipped: no Electron binary\n');
} else {
  const { status } = spawnSync('npx', ['playwright', 'test'], {
    stdio: 'inherit',
    env: { ...process.env, CUPBEARER_E2E: 'electron' },
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
