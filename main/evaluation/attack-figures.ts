import type { AttackAim, AttackFigures, AurocOfSome } from '../../shared/domain/evaluation.ts';
import type { Scores } from '../../shared/scores/ranked-scores.ts';
import { aurocInterval } from './delong.ts';
import { intervalToFile } from './interval.ts';

/** Samples of a test by class, each `[n]`. */
interface ClassesOfTest {
  /** Before any attack. */
  own: Int32Array;
  /** What an attacked sample bears. */
  label: Int32Array;
  predicted: Int32Array;
}

/**
 * How well scores `[n]` find the attacks that succeeded, and what is left once samples that were of the target class anyway are
 * taken out: an attack that fails leaves nothing to find, and on the target's own samples there is nothing to attack.
 */
export function attackFigures(
  scores: Scores,
  labels: Uint8Array,
  { own, label, predicted }: ClassesOfTest,
  aim: AttackAim,
): AttackFigures {
  const all = [...labels.keys()];
  const attacked = all.filter((i) => labels[i] === 1 && (aim === 'mistake' || label[i] !== own[i]));
  const succeeded = new Set(
    attacked.filter((i) => (aim === 'mistake' ? predicted[i] !== own[i] : predicted[i] === label[i])),
  );
  const aurocAmong = (chosen: number[]): AurocOfSome | null => {
    const kinds = Uint8Array.from(chosen, (i) => labels[i]!);
    const anomalous = kinds.reduce((sum, kind) => sum + kind, 0);
    if (anomalous === 0 || anomalous === kinds.length) return null;
    const auroc = aurocInterval(
      Float64Array.from(chosen, (i) => scores[i]!),
      kinds,
    );
    return {
      AUC_ROC: auroc.value,
      AUC_ROC_interval: intervalToFile(auroc),
      n_clean: kinds.length - anomalous,
      n_anomalous: anomalous,
    };
  };
  const targets = new Set(all.filter((i) => labels[i] === 1).map((i) => label[i]!));
  const [target] = targets;
  // With several targets there is no class that clean samples could be taken for.
  const untouched =
    aim === 'label' && targets.size !== 1
      ? []
      : all.filter((i) => labels[i] === 0 && (aim === 'mistake' || own[i] !== target));
  const taken = untouched.filter((i) => (aim === 'mistake' ? predicted[i] !== own[i] : predicted[i] === target));
  return {
    attacked: attacked.length,
    succeeded: succeeded.size,
    ...(untouched.length > 0 && { clean_rate: taken.length / untouched.length }),
    successful: aurocAmong(all.filter((i) => labels[i] === 0 || succeeded.has(i))),
    other_classes: aim === 'label' && targets.size === 1 ? aurocAmong(all.filter((i) => own[i] !== target)) : null,
  };
}
