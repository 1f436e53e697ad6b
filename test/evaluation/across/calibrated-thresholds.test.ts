import { describe, expect, it } from 'vitest';
import { calibratedThresholds } from '../../../main/evaluation/across/calibrated-thresholds.ts';
import { calibrationPart } from '../../../main/runs/work/held-out.ts';
import { thresholdCells } from '../../../shared/threshold-words.ts';

const upTo = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

describe('thresholds calibrated on held-out samples', () => {
  it('are order statistics of these, beside what they come to on the test', () => {
    // Of 1 to 199 the ceil(200 * 0.99) = 198th and the ceil(200 * 0.95) = 190th.
    const scores = Float32Array.of(150, 191, 199, 198, 250);
    const labels = Uint8Array.of(0, 0, 1, 1, 1);
    expect(calibratedThresholds(upTo(199), scores, labels)).toEqual([
      { wanted: 0.01, held_out: 199, needed: 99, threshold: 198, FPR: 0, TPR: 2 / 3 },
      { wanted: 0.05, held_out: 199, needed: 19, threshold: 190, FPR: 0.5, TPR: 1 },
    ]);
  });

  it('are none where there are too few, and say how many it takes', () => {
    const [one, five] = calibratedThresholds(upTo(50), Float32Array.of(1, 2), Uint8Array.of(0, 1));
    expect(one).toEqual({ wanted: 0.01, held_out: 50, needed: 99, threshold: null, FPR: null, TPR: null });
    expect(five!.threshold).toBe(49);
    expect(thresholdCells(one!)[1]).toBe('needs 99 held-out samples');
  });
});

describe('the samples that thresholds are calibrated on', () => {
  const dataset = {} as Parameters<typeof calibrationPart>[0]['trusted']['dataset'];
  const trusted = { dataset, indices: Int32Array.of(1, 3, 5, 7, 9, 11) };
  const spare = { dataset, indices: Int32Array.of(0, 2, 4) };

  it('are what the task leaves over, which takes nothing from the fitting', () => {
    expect(calibrationPart({ trusted, spare }, undefined, 0)).toEqual({ fitting: trusted, heldOut: spare });
    expect(calibrationPart({ trusted }, undefined, 0)).toEqual({ fitting: trusted, heldOut: undefined });
    expect(calibrationPart({ trusted, spare }, 0, 0)).toEqual({ fitting: trusted, heldOut: undefined });
    expect(calibrationPart({ trusted, spare }, 2, 0).heldOut!.indices).toEqual(Int32Array.of(0, 2));
  });

  it('are taken from the trusted ones where more are asked for, by the seed, and never both', () => {
    const { fitting, heldOut } = calibrationPart({ trusted, spare }, 5, 1);
    expect([fitting.indices.length, heldOut!.indices.length]).toEqual([4, 5]);
    expect([...fitting.indices, ...heldOut!.indices].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 7, 9, 11]);
    expect(calibrationPart({ trusted, spare }, 5, 1)).toEqual({ fitting, heldOut });
  });

  it('leave something to fit on', () => {
    expect(() => calibrationPart({ trusted, spare }, 9, 0)).toThrow(/expected at most 8 to be held out, got 9/);
  });
});
