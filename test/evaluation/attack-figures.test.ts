import { describe, expect, it } from 'vitest';
import { attackFigures } from '../../main/evaluation/attack-figures.ts';
import { aurocInterval } from '../../main/evaluation/delong.ts';

const ints = (...values: number[]) => Int32Array.from(values);

describe('figures of an attack', () => {
  // Four clean samples of the classes 0 to 3, then four with a trigger for class 2.
  const labels = Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1);
  const own = ints(0, 1, 2, 3, 0, 1, 2, 3);
  const label = ints(0, 1, 2, 3, 2, 2, 2, 2);
  const scores = Float32Array.of(1, 5, 3, 2, 6, 4, 0, 7);
  // The trigger does nothing to the sample of class 1; that of class 2 would have been taken for a 2 anyway.
  const predicted = ints(0, 1, 2, 3, 2, 1, 2, 2);

  it('count attacks that could succeed and those that did, and rank only these', () => {
    const figures = attackFigures(scores, labels, { own, label, predicted }, 'label');
    expect(figures).toMatchObject({ attacked: 3, succeeded: 2 });
    // 6 and 7 are above all of 1, 5, 3 and 2.
    expect(figures.successful).toMatchObject({ AUC_ROC: 1, n_clean: 4, n_anomalous: 2 });
  });

  it('have how often clean samples are taken for the target anyway, or for another class than theirs', () => {
    const mistaken = ints(2, 1, 2, 0, 2, 1, 2, 2);
    // Of the clean samples of the classes 0, 1 and 3 that of class 0; two of all four are mistaken.
    expect(attackFigures(scores, labels, { own, label, predicted: mistaken }, 'label').clean_rate).toBe(1 / 3);
    expect(attackFigures(scores, labels, { own, label, predicted: mistaken }, 'mistake').clean_rate).toBe(0.5);
    const cycled = ints(0, 1, 2, 3, 1, 2, 3, 0);
    expect(attackFigures(scores, labels, { own, label: cycled, predicted }, 'label')).not.toHaveProperty('clean_rate');
  });

  it('leave out clean and anomalous samples of the target class', () => {
    const { other_classes } = attackFigures(scores, labels, { own, label, predicted }, 'label');
    // 6 and 7 above 1, 5 and 2; 4 above 1 and 2: 8 of 9 pairs.
    const expected = aurocInterval(Float32Array.of(1, 5, 2, 6, 4, 7), Uint8Array.of(0, 0, 0, 1, 1, 1));
    expect(other_classes).toMatchObject({ AUC_ROC: 8 / 9, n_clean: 3, n_anomalous: 3 });
    expect(other_classes!.AUC_ROC_interval.lower).toBe(expected.lower);
  });

  it('take any mistake for success where no label is aimed at', () => {
    const figures = attackFigures(scores, labels, { own, label: own, predicted }, 'mistake');
    expect(figures).toMatchObject({ attacked: 4, succeeded: 2, other_classes: null });
    expect(figures.successful).toMatchObject({ AUC_ROC: 1, n_anomalous: 2 });
  });

  it('are withheld where an attack never succeeded, or where every class is a target', () => {
    const none = attackFigures(scores, labels, { own, label, predicted: own }, 'label');
    expect(none).toMatchObject({ attacked: 3, succeeded: 0, successful: null });
    const cycled = ints(0, 1, 2, 3, 1, 2, 3, 0);
    const all = attackFigures(scores, labels, { own, label: cycled, predicted: cycled }, 'label');
    expect(all).toMatchObject({ attacked: 4, succeeded: 4, other_classes: null });
    const ofTarget = ints(2, 2, 2, 2, 0, 1, 2, 3);
    expect(attackFigures(scores, labels, { own: ofTarget, label, predicted }, 'label').other_classes).toBeNull();
  });
});
