import { rmSync } from 'node:fs';
import type { Estimate } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { createScratchFolder } from '../storage/private-files.ts';
import { startEngine, type EngineInfo } from '../tensor/engine.ts';
import {
  draftClassifierSpec,
  draftDetectorSpecs,
  draftTrains,
  draftWatchesClassifier,
  type DraftSubject,
} from '../runs/drafts/draft-specs.ts';
import { measureDetector } from './measure-detector.ts';
import { copyClassifier, measureTraining, writeUntrainedClassifier } from './measure-training.ts';
import type { InspectionContext } from './inspection.ts';
import { phases, withMargin, type MeasuredTimes } from './phase-times.ts';

/** A measurement that takes longer is given up: the answer is then that it is not known. */
const patienceMs = 20_000;

/** How long this process took to start and load the program: every run has one of its own. */
const processStartMs = performance.now();

/**
 * Estimates how long a draft will take on its engine, from a few batches of training and small slices of fitting and
 * scoring that are measured here and scaled up. `totalMs` is null if it cannot be measured within seconds.
 * @throws CupbearerError `usage` if the draft has faults, `engine` if its engine does not work.
 */
export function estimateDraft(subject: DraftSubject, context: InspectionContext): Promise<Estimate> {
  const estimate = () => {
    context.signal.throwIfAborted();
    return measured(subject, context);
  };
  const turn = lastTurn.then(estimate, estimate);
  lastTurn = turn;
  return turn;
}

/** Measurements take turns: concurrent ones would disturb each other, and a process uses one engine at a time. */
let lastTurn: Promise<unknown> = Promise.resolve();

async function measured(subject: DraftSubject, context: InspectionContext): Promise<Estimate> {
  const start = performance.now();
  const engine = await startEngine(subject.draft.engine, { afresh: true });
  const engineMs = performance.now() - start;
  const folder = createScratchFolder('estimate');
  const patience = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([context.signal, patience]);
  try {
    const times = await measure(subject, folder, engine, { ...context, signal });
    const runs = subject.draft.detectors.length + (draftTrains(subject) ? 1 : 0);
    times.push(withMargin({ Start: runs * (processStartMs + engineMs) }));
    return toEstimate(times, engine);
  } catch (error) {
    if (!context.signal.aborted && (patience.aborted || cannotTell(error)))
      return { totalMs: null, mostMs: null, parts: [], engine: engine.id };
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  subject: DraftSubject,
  folder: string,
  engine: EngineInfo,
  context: InspectionContext,
): Promise<MeasuredTimes[]> {
  const times: MeasuredTimes[] = [];
  if (draftTrains(subject)) {
    const { params } = draftClassifierSpec(subject.draft);
    times.push(withMargin(await measureTraining(params, context)));
    await writeUntrainedClassifier(folder, params, context);
  } else if (draftWatchesClassifier(subject)) {
    copyClassifier(subject.classifierFolder!, folder);
  }
  for (const { params } of draftDetectorSpecs({ draft: subject.draft, classifierFolder: folder }))
    times.push(await measureDetector(params, folder, engine, context));
  return times;
}

/** A few samples, or weights that were never trained, may not be enough for a method: that is no fault of the draft. */
function cannotTell(error: unknown): boolean {
  return error instanceof CupbearerError && (error.code === 'usage' || error.code === 'non-finite');
}

function toEstimate(times: readonly MeasuredTimes[], engine: EngineInfo): Estimate {
  const sumOf = (of: keyof MeasuredTimes, phase: (typeof phases)[number]) =>
    times.reduce((sum, part) => sum + (part[of][phase] ?? 0), 0);
  const parts = phases.map((phase) => ({ phase, ms: sumOf('likely', phase) })).filter(({ ms }) => ms > 0);
  return {
    totalMs: parts.reduce((sum, { ms }) => sum + ms, 0),
    mostMs: phases.reduce((sum, phase) => sum + sumOf('most', phase), 0),
    parts,
    engine: engine.id,
  };
}
