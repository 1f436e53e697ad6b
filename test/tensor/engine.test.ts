import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineStatus } from '../../shared/domain/engine.ts';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { describe, expect, it } from 'vitest';
import { engineIds, engineStatuses, mayBeReplaced, startEngine } from '../../main/tensor/engine.ts';
import { selfTest } from '../../main/tensor/self-test.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const engineUrl = new URL('../../main/tensor/engine.ts', import.meta.url).href;

describe('engines', () => {
  it('are part of the program, but for what is installed by a command', () => {
    expect(engineIds.filter(mayBeReplaced)).toEqual(['tensorflow']);
  });

  it('starts the embedded engine by name and leaves it started with auto', async () => {
    const info = await startEngine('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(info).toMatchObject({ id: 'wasm', threads: Number(process.env['CUPBEARER_THREADS']) });
    expect(info.device).not.toBe('');
    expect(info.versions['tfjs-core']).toBe(tf.version_core);
    expect(await startEngine('auto')).toBe(info);
    expect(await startEngine('wasm')).toBe(info);
  });

  it.runIf(process.platform === 'linux')(
    'says of an engine that does not load why and what to do, refuses it by name and does without it',
    () => {
      const program = `
      process.env.VK_ICD_FILENAMES = '/nowhere.json';
      process.env.VK_DRIVER_FILES = '/nowhere.json';
      process.env.CUPBEARER_TENSORFLOW = '/nowhere';
      const { startEngine, engineStatus } = await import(${JSON.stringify(engineUrl)});
      const status = await engineStatus('webgpu');
      const byName = await startEngine('webgpu').catch((error) => error);
      const { id } = await startEngine('auto');
      console.log(JSON.stringify({ status, code: byName.code, hint: byName.hint, id }));
    `;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        cwd: root,
      });
      const { status, ...rest } = JSON.parse(stdout) as { status: EngineStatus; id: string };
      expect(status).toMatchObject({
        works: false,
        failure: 'unavailable',
        reason: expect.stringContaining('No GPU') as string,
      });
      expect(rest).toMatchObject({ code: 'engine', hint: status.hint });
      expect(engineIds.filter((id) => id !== 'webgpu')).toContain(rest.id);
    },
  );

  it('lists an engine that gives wrong numbers as broken, and does without it', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      const { engines } = await import(${JSON.stringify(new URL('engines/index.ts', engineUrl).href)});
      const right = tf.getKernel(tf.BatchMatMul, 'cpu');
      async function load() {
        await tf.setBackend('cpu');
        tf.unregisterKernel(tf.BatchMatMul, 'cpu');
        tf.registerKernel({ ...right, kernelFunc: (call) => {
          const out = right.kernelFunc(call);
          tf.backend().readSync(out.dataId)[0] += 0.1;
          return out;
        } });
        return { id: 'wrong', title: 'Wrong', device: 'none', versions: {}, threads: 1 };
      }
      engines.unshift({ id: 'wrong', title: 'Wrong', backend: 'cpu', mayUseGpu: false, hint: 'Take another.', load });
      const { startEngine, engineStatus } = await import(${JSON.stringify(engineUrl)});
      const warnings = [];
      const { id } = await startEngine('auto', { warn: (message) => warnings.push(message) });
      const byName = await startEngine('wrong').catch(({ code, hint }) => ({ code, hint }));
      console.log(JSON.stringify({ id, warnings, byName, status: await engineStatus('wrong') }));
    `;
    const args = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
    const { id, warnings, byName, status } = JSON.parse(stdout) as Record<string, unknown>;
    expect(engineIds).toContain(id);
    expect(warnings).toEqual([
      expect.stringMatching(/"wrong" gives wrong numbers and is not used. Self-test of matMul/),
    ]);
    expect(byName).toEqual({ code: 'engine', hint: 'Take another.' });
    expect(status).toMatchObject({
      works: false,
      failure: 'broken',
      reason: expect.stringContaining('Self-test') as string,
    });
  });

  it('prefers one on a GPU with auto, also to an earlier one that may use a GPU and does not', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      const { engines } = await import(${JSON.stringify(new URL('engines/index.ts', engineUrl).href)});
      const made = (id, more) => ({ id, title: id, backend: 'cpu', mayUseGpu: true, hint: '', load: async () => {
        await tf.setBackend('cpu');
        return { id, title: id, device: 'none', versions: {}, threads: 1, ...more };
      } });
      const absent = { ...made('absent'), load: () => Promise.reject(new Error('Not installed.')) };
      engines.unshift(made('processor'), absent, made('soft', { passedOverByAuto: 'slow' }), made('card', { onGpu: true }));
      const { startEngine } = await import(${JSON.stringify(engineUrl)});
      const { id, passedOver } = await startEngine('auto');
      const ids = [];
      for (const [choice, options] of [['processor'], ['auto'], ['auto', { afresh: true }]])
        ids.push((await startEngine(choice, options)).id);
      console.log(JSON.stringify([id, passedOver, ids]));
    `;
    const args = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
    const reasons = { processor: 'It computes on none.', absent: 'Not installed.', soft: 'slow' };
    expect(JSON.parse(stdout)).toEqual(['card', reasons, ['processor', 'processor', 'card']]);
  });

  it('tells how it fails the self-test, and tries one again that may have what it lacked', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      const { engines } = await import(${JSON.stringify(new URL('engines/index.ts', engineUrl).href)});
      const { CupbearerError, deviceLost, smallerBatchHelps } = await import(${JSON.stringify(new URL('../../shared/errors.ts', engineUrl).href)});
      const right = tf.getKernel(tf.BatchMatMul, 'cpu');
      let fault;
      tf.unregisterKernel(tf.BatchMatMul, 'cpu');
      tf.registerKernel({ ...right, kernelFunc: (call) => {
        if (fault) throw fault;
        return right.kernelFunc(call);
      } });
      async function load() {
        await tf.setBackend('cpu');
        return { id: 'card', title: 'Card', device: 'none', versions: {}, threads: 1 };
      }
      engines.unshift({ id: 'card', title: 'Card', backend: 'cpu', mayUseGpu: false, hint: 'Take another.', load });
      const { engineStatus } = await import(${JSON.stringify(engineUrl)});
      const found = [];
      for (const next of [
        new CupbearerError('engine', 'Full.', { hint: 'Use a smaller --batch_size.', details: smallerBatchHelps }),
        new CupbearerError('engine', 'Gone.', { details: deviceLost }),
        undefined,
      ]) {
        fault = next;
        found.push(await engineStatus('card'));
      }
      engines[0].id = 'other';
      fault = new Error('No such kernel.');
      found.push(await engineStatus('other'));
      console.log(JSON.stringify(found));
    `;
    const args = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
    const containing = (text: string) => expect.stringContaining(text) as string;
    expect(JSON.parse(stdout)).toMatchObject([
      { works: false, failure: 'out-of-memory', reason: 'Full.', hint: containing('nvidia-smi') },
      { works: false, failure: 'device-lost', reason: 'Gone.', hint: containing('Try again') },
      { works: true },
      { works: false, failure: 'threw', reason: 'No such kernel.', hint: 'Take another.' },
    ]);
  });

  it('makes its backend the current one again after another was', async () => {
    await tf.setBackend('cpu');
    await startEngine('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });

  it('says so when its memory runs out, and works on', async () => {
    await startEngine('wasm');
    const backend = tf.backend() as BackendWasm;
    const allocate = () => tf.engine().makeTensorFromTensorInfo(backend.makeOutput([2 ** 28], 'float32'));
    expect(() => tf.tidy(() => void Array.from({ length: 5 }, allocate))).toThrow(
      expect.objectContaining({ code: 'engine', message: expect.stringContaining('no memory left') as string }),
    );
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  it('names the engines there are where one is not', async () => {
    await expect(startEngine('abacus')).rejects.toMatchObject({
      code: 'usage',
      message: `There is no compute engine "abacus"; there is auto, ${engineIds.join(', ')}.`,
    });
  });

  it('tells of every engine whether it works, within a second of testing', async () => {
    const statuses = await engineStatuses();
    expect(statuses.map(({ id }) => id)).toEqual(engineIds);
    expect(statuses.find(({ id }) => id === 'wasm')).toMatchObject({ works: true });
    for (const { works, info, selfTestMs, reason, hint } of statuses) {
      // A software renderer compiles each shader for seconds.
      if (works && info?.passedOverByAuto === undefined) expect(selfTestMs).toBeLessThan(1000);
      else if (!works) expect(`${reason}${hint}`).not.toContain('undefined');
      expect(info === undefined).toBe(!works);
    }
  });

  // Drivers that webgpu looks for may write what they miss.
  it('writes nothing with the embedded engine and leaves no process-wide error handlers', () => {
    const program = `
      const { startEngine } = await import(${JSON.stringify(engineUrl)});
      const before = ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event)).join();
      await startEngine('wasm');
      const after = ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event)).join();
      if (before !== after) throw new Error(before + ' handlers became ' + after);
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});

describe('self-test', () => {
  it('passes on the JavaScript backend too', async () => {
    await tf.setBackend('cpu');
    await expect(selfTest()).resolves.toBeUndefined();
  });

  it.each([tf.BatchMatMul, tf.Conv2D, tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter, tf.MaxPoolGrad])(
    'notices a wrong %s',
    async (name) => {
      await tf.setBackend('cpu');
      const right = tf.getKernel(name, 'cpu');
      tf.unregisterKernel(name, 'cpu');
      tf.registerKernel({
        ...right,
        kernelFunc: (call) => {
          const out = right.kernelFunc(call) as tf.TensorInfo;
          (tf.backend().readSync(out.dataId) as Float32Array)[0]! += 0.1;
          return out;
        },
      });
      try {
        await expect(selfTest()).rejects.toThrow(/^Self-test of .+ failed: element 0/);
      } finally {
        tf.unregisterKernel(name, 'cpu');
        tf.registerKernel(right);
      }
    },
  );
});
