import { describe, expect, it } from 'vitest';
import { divergences } from '../../main/detectors/methods/finetuning.ts';
import { expectedScores, hasReference, referenceArray } from './trained-detectors.ts';

describe('divergences', () => {
  /** KL of softmax, term by term in the order of its definition: exact where the shares are not tiny. */
  const plain = (p: number[], q: number[]) => {
    const shares = (logits: number[]) => {
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      return logits.map((logit) => Math.exp(logit) / sum);
    };
    const to = shares(q);
    return shares(p).reduce((sum, share, c) => sum + share * Math.log(share / to[c]!), 0);
  };
  const of = (p: number[], q: number[]) => divergences(Float32Array.from(p), Float32Array.from(q), p.length)[0]!;

  it('is the divergence, on both sides of where its terms change their form', () => {
    const logits = [-3, 0.5, 2];
    for (const shift of [-4, -1.25, -0.75, 0.25, 1.5, 6]) {
      const moved = [-3 + shift, 0.5, 2];
      expect(of(logits, moved)).toBeCloseTo(plain(logits, moved), 12);
    }
    expect(of(logits, logits)).toBe(0);
  });

  it('is a number however large the logits are', () => {
    expect(of([0, 1500], [1500, 0])).toBeCloseTo(1500, 9);
    expect(of([0, 3e38], [0, 3e38])).toBe(0);
    expect(of([1e30, -1e30], [-1e30, 1e30])).toBeCloseTo(2e30, -24);
  });
});

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
