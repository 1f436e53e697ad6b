import { describe, expect, it } from 'vitest';
import type { EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import { engineStatusSchema, speedReportSchema } from '../../shared/domain/engine.ts';
import { automaticEngine, engineStatusText, speedReportText, whyPassedOver } from '../../shared/engine-text.ts';

const info = { id: 'wasm', title: 'WebAssembly', device: 'A CPU', versions: { kernels: 'simd' }, threads: 1 };
const wasm: EngineStatus = { id: 'wasm', title: 'WebAssembly', works: true, info, selfTestMs: 12 };
const software: EngineStatus = {
  id: 'webgpu',
  title: 'WebGPU',
  works: true,
  info: { ...info, id: 'webgpu', device: 'Soft', notes: ['Slow.'], passedOverByAuto: 'slow' },
  selfTestMs: 30,
};
const broken: EngineStatus = {
  id: 'other',
  title: 'Other',
  works: false,
  failure: 'broken',
  reason: 'Wrong sums.',
  hint: 'Take another.',
};

describe('the text on engines', () => {
  it('says what works, what does not and why, and what auto takes', () => {
    const text = engineStatusText([broken, software, wasm]).replaceAll('\u00a0', ' ');
    expect(text.split('\n')).toEqual([
      'Engines',
      '  other       is broken (gives wrong numbers) and never chosen by auto: Wrong sums.',
      '              Take another.',
      '  webgpu      works: Soft, 1 thread, self-test 30 ms',
      '              kernels simd',
      '              Slow.',
      '              auto passes it over: slow',
      '  wasm        works: A CPU, 1 thread, self-test 12 ms',
      '              kernels simd',
      '  auto takes wasm, on A CPU',
    ]);
    expect(automaticEngine([broken])).toBeUndefined();
    const onGpu: EngineStatus = { ...wasm, id: 'gpu', info: { ...info, id: 'gpu', onGpu: true } };
    expect(automaticEngine([wasm, onGpu])?.id).toBe('gpu');
    for (const status of [broken, software, wasm]) expect(engineStatusSchema.parse(status)).toEqual(status);
  });

  it('names the versions of a GPU engine, and why auto passes over one that works', () => {
    const tensorflow: EngineStatus = {
      ...wasm,
      id: 'tensorflow',
      title: 'TensorFlow',
      info: {
        ...info,
        id: 'tensorflow',
        versions: { tensorflow: '2.21.0', cuda: '12.9.79', cudnn: '9.10.2', driver: '570.86', 'tfjs-core': '4.22.0' },
        notes: ['Computes on the CPU: the driver is too old.'],
      },
    };
    const card: EngineStatus = {
      ...wasm,
      id: 'webgpu',
      title: 'WebGPU',
      info: {
        ...info,
        id: 'webgpu',
        device: 'A card',
        versions: { driver: '' },
        onGpu: true,
        deviceMemoryBytes: 2 ** 33,
      },
    };
    const statuses = [tensorflow, card, wasm];
    const text = engineStatusText(statuses).replaceAll('\u00a0', ' ');
    expect(text.split('\n')).toEqual([
      'Engines',
      '  tensorflow  works: A CPU, 1 thread, self-test 12 ms',
      '              TensorFlow 2.21.0, CUDA 12.9.79, cuDNN 9.10.2, driver 570.86, tfjs-core 4.22.0',
      '              Computes on the CPU: the driver is too old.',
      '              auto passes it over: it computes on the CPU, and WebGPU on a GPU',
      '  webgpu      works: A card, 8.6 GB, 1 thread, self-test 12 ms',
      '  wasm        works: A CPU, 1 thread, self-test 12 ms',
      '              kernels simd',
      '  auto takes webgpu, on A card',
    ]);
    expect(statuses.map((status) => whyPassedOver(status, statuses) === undefined)).toEqual([false, true, true]);
  });

  it.each([
    ['unavailable', 'does not work here: Why.'],
    ['broken', 'is broken (gives wrong numbers) and never chosen by auto: Why.'],
    ['threw', 'is broken (fails its self-test) and never chosen by auto: Why.'],
    ['crashed', 'is broken (ends its process) and never chosen by auto: Why.'],
    ['out-of-memory', 'has no memory left: Why.'],
    ['device-lost', 'lost its device: Why.'],
  ] as const)('tells an engine apart that is %s', (failure, words) => {
    const text = engineStatusText([{ ...broken, failure, reason: 'Why.' }]);
    expect(text.split('\n').slice(1)).toEqual([
      `  other       ${words}`,
      '              Take another.',
      '  auto takes none',
    ]);
  });

  it('gives times and rates of a speed test, and whole jobs', () => {
    const report: SpeedReport = {
      engine: { ...info, passedOver: { other: 'Wrong sums.' } },
      measuredAt: '2026-11-24T23:30:40.964Z',
      measurements: [
        { id: 'matmul', title: 'Product', ms: 54.15, repeats: 26, flops: 3.966e10 },
        { id: 'mlp-step', title: 'Step', ms: 4.363, repeats: 50 },
      ],
      presets: [{ id: 'demo', title: 'Demo', seconds: 6.42 }],
    };
    expect(speedReportSchema.parse(report)).toEqual(report);
    expect(speedReportText(report).replaceAll('\u00a0', ' ').split('\n')).toEqual([
      'Speed of wasm on A CPU, 2026-11-24 23:30 UTC',
      '  Product      54.1 ms  40 GFLOP/s',
      '  Step         4.36 ms',
      '  not other: Wrong sums.',
      'Whole jobs would take about',
      '  Demo       6.4 s',
    ]);
  });
});
