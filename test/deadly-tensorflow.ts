import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './storage/fixtures.ts';

/** Whether a native addon that was cut off ends the process that loads it; elsewhere the loader may notice. */
export const canCutOff = process.platform === 'linux';
export const withoutCutOff = canCutOff ? '' : ' (skipped: needs the loader of Linux)';

/** An installation of TensorFlow whose addon was cut off: the process that loads it is ended by the system. */
export function deadlyTensorflow(): string {
  const folder = join(temporaryFolder(), 'tensorflow-9.0.0-cpu');
  for (const part of ['addon', 'package', 'tensorflow']) mkdirSync(join(folder, part), { recursive: true });
  const addon = readFileSync(wholeAddon());
  writeFileSync(join(folder, 'addon', 'tfjs_binding.node'), addon.subarray(0, Math.floor(addon.length / 2)));
  writeFileSync(join(folder, 'package', 'package.json'), '{"version":"4.22.0"}');
  const record = { format: 1, tensorflow: '9.0.0', variant: 'cpu', source: 'a.whl', package: '4.22.0' };
  writeFileSync(join(folder, 'install.json'), JSON.stringify({ ...record, installedAt: new Date().toISOString() }));
  return folder;
}

/** Any addon that this program depends on: the one that draws figures. */
function wholeAddon(): string {
  const require = createRequire(import.meta.url);
  require('@napi-rs/canvas');
  return Object.keys(require.cache).find((file) => file.endsWith('.node'))!;
}
