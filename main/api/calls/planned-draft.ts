import type { DraftCheck, ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { experimentOf } from '../../experiments/from-draft.ts';
import type { ExperimentPlan } from '../../experiments/plan.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { StoredExperiment } from '../experiments/experiment-store.ts';
import type { Experiments } from '../experiments/experiments.ts';
import { runTitles } from '../drafts/draft-subject.ts';

/** Characters of a name that is made of what an experiment is about, with room for a number behind it. */
const mostMade = 90;

interface Services {
  catalogue: Catalogue;
  experiments: Experiments;
}

/** A draft as an experiment, with its plan. */
interface PlannedDraft {
  spec: ExperimentSpec;
  plan: ExperimentPlan;
  /** The id of the experiment that it adds to; null where it becomes one of its own. */
  addsTo: string | null;
}

/**
 * Plans a draft without faults. One that was opened on an experiment adds to that if it has its name and all of its runs;
 * any other gets a name that is free, since the one of another experiment would change that.
 * @throws CupbearerError as planning.
 */
export async function planDraft(
  draft: ExperimentDraft,
  summaries: DraftCheck['summaries'],
  { catalogue, experiments }: Services,
  signal: AbortSignal | undefined,
): Promise<PlannedDraft> {
  const base = draft.extends === undefined ? undefined : storedWith(draft.extends);
  const made = `${summaries.task}, ${summaries.detectors}`.slice(0, mostMade);
  const spec = experimentOf(draft, { name: made, runTitles: runTitles(catalogue, draft), base: base?.file.spec });
  const plan = await experiments.planned(spec, signal);
  if (base && spec.name === base.file.spec.name && (await holdsAllOf(base))) {
    return { spec, plan, addsTo: base.file.id };
  }
  return { spec: { ...spec, name: freeName(spec.name) }, plan, addsTo: null };

  async function holdsAllOf(stored: StoredExperiment): Promise<boolean> {
    const { runs } = await experiments.planOf(stored, signal);
    return [...runs.keys()].every((key) => plan.runs.has(key));
  }

  /** An experiment that is gone by now is not there to be added to. */
  function storedWith(id: string): StoredExperiment | undefined {
    try {
      return experiments.store.listed(id);
    } catch (error) {
      if (error instanceof CupbearerError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  function freeName(name: string): string {
    let free = name;
    for (let count = 2; catalogue.experiments.find(free); count++) free = `${name.slice(0, mostMade)} ${count}`;
    return free;
  }
}
