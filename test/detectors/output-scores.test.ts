import { describe, expect, it } from 'vitest';
import type { DetectorDefinition } from '../../main/detectors/detector.ts';
import { energy } from '../../main/detectors/methods/energy.ts';
import { maxSoftmax } from '../../main/detectors/methods/max-softmax.ts';

async function outputScores(detector: DetectorDefinition, logits: number[][], values: Record<string, number> = {}) {
  const batch = {
    inputs: new Float32Array(logits.length),
    labels: new Int32Array(logits.length),
    size: logits.length,
    indices: new Int32Array(logits.length),
    layers: new Map<string, Float32Array>(),
    logits: Float32Array.from(logits.flat()),
  };
  return [...(await detector.score({ tensors: {}, values }, batch, undefined as never)).get('output')!];
}

describe('max-softmax', () => {
  it('is one minus the largest probability', async () => {
    const [even, three] = await outputScores(maxSoftmax, [
      [0, 0],
      [0, Math.log(3)],
    ]);
    expect(even).toBe(0.5);
    expect(three).toBeCloseTo(0.25, 7);
  });

  it('keeps the order of predictions whose probability rounds to 1', async () => {
    const [sure, surer] = await outputScores(maxSoftmax, [
      [0, 50],
      [0, 60],
    ]);
    expect(sure).toBeGreaterThan(surer!);
    expect(surer).toBeCloseTo(Math.exp(-60), 40);
  });

  it('takes equal largest logits for one prediction each', async () => {
    expect(await outputScores(maxSoftmax, [[2, 2, 2, 2]])).toEqual([0.75]);
  });
});

describe('energy', () => {
  it('is minus T times the logarithm of the summed exponentials', async () => {
    const [zeros, shifted] = await outputScores(
      energy,
      [
        [0, 0],
        [1000, 1000],
      ],
      { temperature: 1 },
    );
    expect(zeros).toBeCloseTo(-Math.LN2, 12);
    expect(shifted).toBeCloseTo(-1000 - Math.LN2, 9);
    const [warm] = await outputScores(energy, [[0, 2]], { temperature: 2 });
    expect(warm).toBeCloseTo(-2 * Math.log(1 + Math.E), 12);
  });
});
