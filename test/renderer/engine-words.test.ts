import { describe, expect, it } from 'vitest';
import type { EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import { enginesAsText, engineWords, failureTitle } from '../../renderer/screens/settings/engine-words.ts';

const info = {
  id: 'tensorflow',
  title: 'TensorFlow',
  device: 'NVIDIA L4',
  versions: { tensorflow: '2.21.0', cuda: '12.9.79', cudnn: '9.10.2', driver: '570.86' },
  threads: 2,
  onGpu: true as const,
  deviceMemoryBytes: 24e9,
};
const works: EngineStatus = { id: 'tensorflow', title: 'TensorFlow', works: true, info, selfTestMs: 12 };
const fails = (failure: EngineStatus['failure'] & string): EngineStatus => ({
  id: 'webgpu',
  title: 'WebGPU',
  works: false,
  failure,
  reason: 'Why.',
  hint: 'What to do.',
});
const report: SpeedReport = {
  engine: info,
  measuredAt: '2026-11-24T23:30:40.964Z',
  measurements: [{ id: 'matmul', title: 'Product', ms: 54.15, repeats: 26, flops: 3.966e10 }],
  presets: [{ id: 'demo', title: 'Demo', seconds: 6.42 }],
};

describe('engines in Settings', () => {
  it('are copied as the doctor says it: device, versions, why one is passed over, and speeds', () => {
    const soft: EngineStatus = {
      ...works,
      id: 'webgpu',
      info: { ...info, id: 'webgpu', device: 'Soft', versions: { driver: 'Soft 5.0' }, passedOverByAuto: 'slow' },
    };
    expect(enginesAsText([fails('crashed'), soft, works], report).split('\n')).toEqual([
      'Engines',
      '  webgpu      is broken (ends its process) and never chosen by auto: Why.',
      '              What to do.',
      '  webgpu      works: Soft, 24 GB, 2 threads, self-test 12 ms',
      '              driver Soft 5.0',
      '              auto passes it over: slow',
      '  tensorflow  works: NVIDIA L4, 24 GB, 2 threads, self-test 12 ms',
      '              TensorFlow 2.21.0, CUDA 12.9.79, cuDNN 9.10.2, driver 570.86',
      '  auto takes tensorflow, on NVIDIA L4',
      '',
      'Speed of tensorflow on NVIDIA L4, 2026-11-24 23:30 UTC',
      '  Product      54.1 ms  40 GFLOP/s',
      'Whole jobs would take about',
      '  Demo       6.4 s',
    ]);
    expect(enginesAsText([works], null).split('\n').at(-1)).toBe('  auto takes tensorflow, on NVIDIA L4');
  });

  it('say how one fails, why and what to do', () => {
    expect(engineWords(works).replaceAll('\u00a0', ' ')).toBe('NVIDIA L4, 2 threads, 24 GB');
    expect(engineWords(fails('unavailable'))).toBe('Why. What to do.');
    expect(engineWords(fails('broken'))).toBe('It gives wrong numbers. Why. What to do.');
    const titles = (['unavailable', 'broken', 'threw', 'crashed', 'out-of-memory', 'device-lost'] as const).map(
      (failure) => failureTitle(fails(failure)),
    );
    expect(titles).toEqual(['Not available', 'Broken', 'Broken', 'Broken', 'Out of memory', 'Device lost']);
  });
});
