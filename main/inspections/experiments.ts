import { planExperiment, type ExperimentPlan, type PlanSource } from '../experiments/plan.ts';

/** Plans an experiment. @throws CupbearerError as `planExperiment`. */
export function planOf(source: PlanSource): ExperimentPlan {
  return planExperiment(source);
}
