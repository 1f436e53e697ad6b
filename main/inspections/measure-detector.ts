import type { Picked } from '../../shared/schema/fields.ts';
import { taskRegistry } from '../tasks/index.ts';
import { watchesClassifier } from '../tasks/outline.ts';
import type { Task } from '../tasks/task.ts';
import type { EngineInfo } from '../tensor/engine.ts';
import { fitDetector, scoreTask } from '../runs/work/detection.ts';
import type { TrainDetectorSpec } from '../runs/detector-params.ts';
import { writeDetector } from '../runs/detector-file.ts';
import { evaluateDetector } from '../runs/work/evaluate.ts';
import { PhaseTimer, type RunContext } from '../runs/run-definition.ts';
import type { InspectionContext } from './inspection.ts';
import { growth, withMargin, type MeasuredTimes } from './phase-times.ts';

/**
 * Training samples of the two slices that are fitted on: from two points follows what each sample and what all take.
 */
const slices = [250, 1000] as const;
/** Test samples that are scored. */
const tested = 128;

/**
 * Times fitting and evaluating a detector on small parts of its task, whose classifier is in `folder`.
 * @throws CupbearerError `cancelled`; what the detector throws on so little.
 */
export async function measureDetector(
  spec: TrainDetectorSpec,
  folder: string,
  engine: EngineInfo,
  context: InspectionContext,
): Promise<MeasuredTimes> {
  const { signal, dataDir } = context;
  const run: RunContext = { folder, dataDir, engine, resume: false, signal, progress: () => {}, log: () => {} };
  const warm = await built(spec, slices[0], context);
  try {
    await fitDetector(spec.detector, warm.task, spec.seed, spec.batch_size, run);
    const few = await timed(() => fitDetector(spec.detector, warm.task, spec.seed, spec.batch_size, run));
    const scoredByFew = await timed(() => scoreTask(few.value, warm.task, spec.seed, spec.batch_size, run));
    const more = await built(spec, slices[1], context);
    const many = await timed(() => fitDetector(spec.detector, more.task, spec.seed, spec.batch_size, run));
    writeDetector(folder, many.value);

    const timer = new PhaseTimer();
    const subject = { detectorFolder: folder, task: spec.task, seed: spec.seed };
    await evaluateDetector(many.value, more.task, subject, spec, run, timer);
    const { evaluating = 0, metrics = 0, figures = 0, analysis = 0 } = timer.timings;
    const { trainScale, size } = scales(spec.task, warm.task);
    const { testScale } = scales(spec.task, more.task);
    more.task.source.dispose();

    const ratio = size(more.task) / Math.max(1, size(warm.task));
    const perSample = Math.max(0, many.ms - few.ms) / Math.max(1, size(more.task) - size(warm.task));
    const fixed = Math.max(0, many.ms - perSample * size(more.task));
    const whole = trainScale * size(warm.task);
    const timesMore = Math.max(1, whole / size(more.task));
    // Methods that keep their samples also score by them.
    const byTrained = timesMore ** Math.min(1, growth(scoredByFew.ms, evaluating, ratio));
    const likely = {
      // Files of activations are read whole, whatever part of them is taken.
      Data: warm.loadMs + warm.buildMs * (watchesClassifier(spec.task.name) ? testScale : 1),
      Fit: fixed + perSample * whole,
      Evaluate: (evaluating * byTrained + metrics) * testScale,
      Figures: figures + analysis,
    };
    const { most } = withMargin(likely);
    return {
      likely,
      most: { ...most, Fit: Math.max(most.Fit!, many.ms * timesMore ** growth(few.ms, many.ms, ratio)) },
    };
  } finally {
    warm.task.source.dispose();
  }
}

/** A part of the task, how long its data take to load, and how long the rest of building it took. */
async function built({ task: { name, ...params } }: TrainDetectorSpec, trainSize: number, context: InspectionContext) {
  const { dataDir, signal, datasets: cache } = context;
  const part = {
    ...params,
    max_train_size: Math.min(trainSize, params.max_train_size ?? Infinity),
    max_test_size: Math.min(tested, params.max_test_size ?? Infinity),
    // A model that is not trained is no measure of how well an attack on it works.
    ...('success_threshold' in params ? { success_threshold: 0 } : {}),
  };
  const start = performance.now();
  const { value, loadMs, waitedMs } = await cache.measure(() =>
    taskRegistry.get(name).build(part, { dataDir, signal, cache }),
  );
  return { task: value, loadMs, buildMs: performance.now() - start - waitedMs };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

/** How many times larger the whole task's data are than those of a part. Samples are drawn from the clean datasets. */
function scales(whole: Picked, part: Task) {
  const size = ({ trusted, untrusted }: Task) => trusted.indices.length + (untrusted?.indices.length ?? 0);
  const wanted = (key: string, length: number) => Math.min(length, (whole[key] as number | undefined) ?? Infinity);
  const testSize = part.test.reduce((sum, { indices }) => sum + indices.length, 0);
  return {
    size,
    trainScale: wanted('max_train_size', part.trusted.dataset.length) / Math.max(1, size(part)),
    testScale: wanted('max_test_size', part.test[0]!.dataset.length) / Math.max(1, testSize),
  };
}
