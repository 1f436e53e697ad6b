import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bridgeFolder, commandOf, limitsOf, typescriptRunner } from '../../main/plugins/plugin-launch.ts';
import { pluginOf } from './plugin-folder.ts';

test('the package that runs plugins in Python is found', () => {
  expect(existsSync(join(bridgeFolder(), 'cupbearer_bridge', 'plugin', 'run.py'))).toBe(true);
});

test('TypeScript runs in this Node.js; an installed desktop program says that it has none', () => {
  const [node, runner] = typescriptRunner({});
  expect([node, existsSync(runner)]).toEqual([process.execPath, true]);
  // No checkout lies where that of a compiled program would.
  expect(() => typescriptRunner({ electron: '45.0.0' })).toThrow('The desktop program runs plugins in Python alone');
});

test('what is meant for this process does not reach the plugin', () => {
  const launch = pluginOf({ 'detector.ts': '' }, { limits: { memory_gib: 2, silent_seconds: 5 } });
  const limits = limitsOf(launch.manifest);
  expect(limits).toMatchObject({ memoryBytes: 2 ** 31, silentMs: 5000 });
  process.env['CUPBEARER_HOST'] = 'this';
  const { env, args } = commandOf(launch, limits);
  delete process.env['CUPBEARER_HOST'];
  expect(env['CUPBEARER_HOST']).toBeUndefined();
  expect(env['CUPBEARER_PLUGIN_FOLDER']).toBe(launch.folder);
  expect(args).toContain('--max-old-space-size=2048');
});
