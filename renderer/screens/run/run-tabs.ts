import type { RunKind } from '../../../shared/domain/run.ts';

/** Tabs of the run screen, in their order. */
export const runTabs = ['overview', 'scores', 'layers', 'activations', 'samples', 'training', 'config', 'log'] as const;
export type RunTab = (typeof runTabs)[number];

/** The tabs that runs of a kind have: scores come of detectors, a training curve of classifiers. */
export function tabsOf(kind: RunKind | undefined): readonly RunTab[] {
  const others: readonly RunTab[] =
    kind === 'classifier' ? ['scores', 'layers', 'activations', 'samples'] : ['training'];
  return runTabs.filter((tab) => !others.includes(tab));
}
