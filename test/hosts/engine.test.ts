import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../storage/fixtures.ts';
import { startCli } from './cli-process.ts';

/** Calls `cupbearer engine ARGS` with nothing installed. */
async function engine(...args: string[]) {
  const folder = temporaryFolder();
  return startCli(['engine', ...args], { cwd: folder, home: folder }).ended;
}

describe('cupbearer engine', () => {
  it('lists what is installed of TensorFlow: nothing, at first', async () => {
    const { code, stdout } = await engine('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\* +bundled/);
  });

  it.each([
    [['dance'], 'Unknown action "dance"'],
    [['install'], 'engine install needs a name.'],
    [['list', 'tensorflow'], 'engine list takes no name.'],
    [['install', 'wasm'], 'The engine "wasm" comes with the program'],
    [['install', 'tensorflow', '--cpu', '--gpu'], '--cpu and --gpu exclude each other.'],
    [['install', 'tensorflow', '--from-wheel', '2.21.0', '--libtensorflow', 'x'], 'exclude each other.'],
    [['use', 'tensorflow-1.0.0-cpu'], 'Unknown installation "tensorflow-1.0.0-cpu"'],
    [['remove', 'bundled'], 'The bundled TensorFlow is a dependency'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await engine(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
