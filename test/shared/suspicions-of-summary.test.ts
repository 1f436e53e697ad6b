import { describe, expect, it } from 'vitest';
import { otherTrigger, suspicionsOfSummary } from '../../shared/suspicions-of-summary.ts';

const corner = { id: 'corner', detail: '' };
const noise = { id: 'noise', detail: '' };
const subject = { training: 'poisoned', trained: corner, tested: corner, change: '', words: '' } as const;
const sound = { auroc: 0.9, auroc_lower: 0.88, auroc_upper: 0.92, attack_success: 0.97, clean_accuracy: 0.98 };
const idsOf = (metrics: Record<string, number | null>, tested = corner, kind: 'detector' | 'classifier' = 'detector') =>
  suspicionsOfSummary({ kind, subject: { ...subject, tested }, metrics }).map(({ id }) => id);

describe('what a list knows that makes a run doubtful', () => {
  it('is nothing where all is well, and of a classifier, which has marks of its own', () => {
    expect(idsOf(sound)).toEqual([]);
    expect(idsOf({ attack_success: 0.1 }, corner, 'classifier')).toEqual([]);
    expect(idsOf({})).toEqual([]);
  });

  it('is a failed attack, another trigger, the wrong way, too few samples', () => {
    expect(idsOf({ ...sound, attack_success: 0.2 })).toEqual(['attack-fails']);
    expect(idsOf(sound, noise)).toEqual(['other-trigger']);
    expect(idsOf({ ...sound, auroc: 0.3, auroc_lower: 0.28, auroc_upper: 0.32 })).toEqual(['wrong-way']);
    const guessing = { ...sound, auroc: 0.6, auroc_lower: 0.3, auroc_upper: 0.8 };
    expect(idsOf({ ...guessing, test_clean: 15, test_anomalous: 15 })).toEqual(['few-samples']);
    // Runs of earlier versions do not say how many they were tested on.
    expect(idsOf(guessing)).toEqual([]);
  });

  it('names both triggers where they differ, also in a detail', () => {
    expect(otherTrigger({ trained: corner, tested: { ...corner, detail: 'size 3' } })).toEqual({
      trained: 'corner',
      tested: 'corner, size 3',
    });
    expect(otherTrigger({ trained: null, tested: noise })).toBeNull();
  });
});
