import { describe, expect, it } from 'vitest';
import { divergences } from '../../main/detectors/methods/finetuning.ts';
import { expectedScores, hasReference, referenceArray } from './trained-detectors.ts';

describe.skipIf(!hasReference)('finetuning against the peer library (skipped without its numbers)', () => {
  it('scores as finetuning_kl', () => {
    const { scores, scores_float64: exact } = expectedScores('finetuning_kl');
    const [original, finetuned] = ['original', 'finetuned'].map((which) =>
      Float32Array.from(referenceArray(`finetuning_${which}_logits`).data),
    );
    const ours = divergences(original!, finetuned!, 10);
    const largest = Math.max(...scores['all']!);
    expect(ours.length).toBe(exact['all']!.length);
    ours.forEach((score, i) => {
      // The peer adds terms of both signs and order 1, so that its float64 scores carry an error of some 1e-16 each: 4e-6
      // of the smallest, 1.06e-11. In float32 the same goes for 1e-7.
      expect(Math.abs(score - exact['all']![i]!)).toBeLessThan(1e-6 * score + 1e-15);
      expect(Math.abs(score - scores['all']![i]!)).toBeLessThan(1e-3 * score + 1e-6 * largest);
    });
  });
});
