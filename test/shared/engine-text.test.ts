import { describe, expect, it } from 'vitest';
import type { EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import { engineStatusSchema, speedReportSchema } from '../../shared/domain/engine.ts';
import { automaticEngine, engineStatusText, speedReportText } from '../../shared/engine-text.ts';

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
      '  wasm        works: A CPU, 1 thread, self-test 12 ms',
      '              kernels simd',
      '  auto takes wasm, on A CPU',
    ]);
    expect(automaticEngine([broken])).toBeUndefined();
    const onGpu: EngineStatus = { ...wasm, id: 'gpu', info: { ...info, id: 'gpu', onGpu: true } };
    expect(automaticEngine([wasm, onGpu])?.id).toBe('gpu');
    for (const status of [broken, software, wasm]) expect(engineStatusSchema.parse(status)).toEqual(status);
  });

  it('gives times and rates of a speed test, and whole jobs', () => {
    const report: SpeedReport = {
      engine: info,
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
      'Whole jobs would take about',
      '  Demo       6.4 s',
    ]);
  });
});
