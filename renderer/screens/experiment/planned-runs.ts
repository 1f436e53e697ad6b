import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { formatCount } from '../../../shared/format.ts';

/** How many runs a draft makes. */
interface PlannedRuns {
  seeds: number;
  /** Classifiers that are trained; those of the catalogue are there. */
  classifiers: number;
  detectors: number;
  /** Whether it becomes an experiment, rather than one detector's runs. */
  isExperiment: boolean;
}

export function plannedRuns({ classifier, detectors, seeds = 1 }: ExperimentDraft): PlannedRuns {
  return {
    seeds,
    classifiers: classifier.source === 'train' ? seeds : 0,
    detectors: detectors.length * seeds,
    isExperiment: detectors.length * seeds > 1,
  };
}

/** "8 runs: 2 classifiers, and 3 detectors with 2 seeds each." */
export function runsWords({ seeds, classifiers, detectors }: PlannedRuns): string {
  const each = detectors / seeds;
  const trained =
    classifiers === 0 ? '' : `${formatCount(classifiers)} classifier${classifiers === 1 ? '' : 's'}, and `;
  const fitted = `${formatCount(each)} detector${each === 1 ? '' : 's'}`;
  const repeated = seeds === 1 ? '' : ` with ${formatCount(seeds)} seeds${each === 1 ? '' : ' each'}`;
  return `${formatCount(classifiers + detectors)} runs: ${trained}${fitted}${repeated}.`;
}
