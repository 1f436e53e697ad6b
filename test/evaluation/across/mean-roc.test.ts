import { describe, expect, it } from 'vitest';
import { meanRoc } from '../../../main/evaluation/across/mean-roc.ts';

describe('the mean of ROC curves', () => {
  it('has at each rate the mean of what the curves reach there', () => {
    const steep = { fpr: [0, 0, 1], tpr: [0, 1, 1] };
    const guessing = { fpr: [0, 1], tpr: [0, 1] };
    // At no false alarm the steep one rises from 0 to 1, the other stays: half of it.
    expect(meanRoc([steep, guessing])).toEqual({ fpr: [0, 0, 1], tpr: [0, 0.5, 1] });
  });

  it('takes what lies between points from the line between them', () => {
    const bent = { fpr: [0, 0.5, 1], tpr: [0, 0.9, 1] };
    const guessing = { fpr: [0, 0.25, 1], tpr: [0, 0.25, 1] };
    const { fpr, tpr } = meanRoc([bent, guessing]);
    expect(fpr).toEqual([0, 0.25, 0.5, 1]);
    // (0.45 + 0.25) / 2 and (0.9 + 0.5) / 2
    expect(tpr.map((value) => Number(value.toFixed(12)))).toEqual([0, 0.35, 0.7, 1]);
  });

  it('is the curve itself where there is one', () => {
    const curve = { fpr: [0, 0, 0.2, 0.2, 1], tpr: [0, 0.4, 0.5, 0.8, 1] };
    expect(meanRoc([curve])).toEqual(curve);
  });
});
