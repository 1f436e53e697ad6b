import { CupbearerError } from '../../shared/errors.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import { hashJson } from '../storage/content-hash.ts';
import type { PickedTask } from '../tasks/common-params.ts';
import { outlineRecords } from '../tasks/outline.ts';
import { planExperiment, type ExperimentPlan, type PlanSource } from './plan.ts';

/** What was recorded for the tasks of an experiment: files, which a plan cannot wait for. */
class RecordedOutlines {
  readonly #found = new Map<string, SourceOutline | CupbearerError>();
  readonly #missing = new Map<string, PickedTask>();

  /** Returns what was recorded for a task; undefined where that is not known yet. @throws CupbearerError for files that cannot be read. */
  of(task: PickedTask): SourceOutline | undefined {
    const key = hashJson(task);
    const found = this.#found.get(key);
    if (found instanceof CupbearerError) throw found;
    if (!found) this.#missing.set(key, task);
    return found;
  }

  /** Looks at the files of all tasks that were not known; returns whether there were any. */
  async find(): Promise<boolean> {
    const missing = [...this.#missing];
    this.#missing.clear();
    for (const [key, task] of missing) this.#found.set(key, await outlineOrReason(task));
    return missing.length > 0;
  }
}

async function outlineOrReason(task: PickedTask): Promise<SourceOutline | CupbearerError> {
  try {
    return (await outlineRecords(task)).source;
  } catch (error) {
    if (error instanceof CupbearerError) return error;
    throw error;
  }
}

/** Plans an experiment knowing what was recorded for its tasks. @throws CupbearerError as {@link planExperiment}. */
export async function planWithRecords(source: PlanSource): Promise<ExperimentPlan> {
  const outlines = new RecordedOutlines();
  for (;;) {
    const plan = planExperiment(source, (task) => outlines.of(task));
    if (!(await outlines.find())) return plan;
  }
}
