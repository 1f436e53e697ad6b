import { z } from 'zod';
import { jsonObject, pathText } from '../schema/outside.ts';

/** The version of `experiment.json` that this program writes, and the newest it reads. */
export const experimentFormat = 1;

/** Most characters of an experiment's name, and of the label of one of its parts. */
export const mostExperimentNameCharacters = 100;
/** Most entries of one list of an experiment, and most values of one sweep. */
const mostEntries = 1000;
/** Most seeds of an experiment. */
export const mostSeeds = 1000;

const label = z.string().trim().min(1).max(mostExperimentNameCharacters);

/** A definition may be its bare name: `mahalanobis` is `{ name: mahalanobis }`. */
const namedAlone = (value: unknown) => (typeof value === 'string' ? { name: value } : value);

/** A detector by its name with parameters, as `{ name: knn, k: 5 }`, or a run whose fitted detector is taken. */
const detectorPart = z.preprocess(
  namedAlone,
  z.union(
    [
      z.strictObject({ run: z.string().min(1), label: label.exactOptional() }),
      z.looseObject({ name: z.string().min(1), label: label.exactOptional() }),
    ],
    { error: 'must be a detector by its name, with parameters, or { run: ID } of a run that has fitted one.' },
  ),
);

/** Values from one end to the other, both included, in equal steps, or in equal ratios on a log scale. */
const rangeSchema = z
  .strictObject({
    from: z.number(),
    to: z.number(),
    /** Values of the range in a grid; not needed where values are drawn at random. */
    steps: z.int().min(2).max(mostEntries).exactOptional(),
    scale: z.enum(['linear', 'log']).default('linear'),
    /** Whether only whole numbers are taken. */
    whole: z.boolean().default(false),
  })
  .refine(({ scale, from, to }) => scale === 'linear' || (from > 0 && to > 0), {
    message: 'must lie above 0 on a log scale.',
  });
export type SweepRange = z.infer<typeof rangeSchema>;

const sweepAxisSchema = z.union([z.array(z.json()).min(1).max(mostEntries), rangeSchema]);
export type SweepAxis = z.infer<typeof sweepAxisSchema>;

/**
 * An experiment: every detector on every task, with every seed. Parameters are those of the runs' own specs and are checked
 * when the experiment is planned.
 */
export const experimentSpecSchema = z.strictObject({
  format: z.literal(experimentFormat).default(experimentFormat),
  name: label,
  /** What is to be found out. */
  question: z.string().max(10_000).default(''),
  /** The user's own words, Markdown. */
  notes: z.string().max(100_000).default(''),
  tags: z.array(z.string().min(1).max(60)).max(100).default([]),
  /** `auto` or an engine's id. */
  engine: z.string().default('auto'),
  /** Their number, from 0 on, or a list. A seed is that of classifier, task and detector alike. */
  seeds: z.union([z.int().min(1).max(mostSeeds), z.array(z.int().nonnegative()).min(1).max(mostSeeds)]).default(1),
  /** Parameters that all classifiers have that are trained. */
  training: jsonObject.default({}),
  /** Classifiers that parameters may name by `$NAME` in place of a run's folder; each is trained once a seed. */
  prerequisites: z.record(z.string().regex(/^[\w-]+$/), jsonObject).default({}),
  /** An axis: parameters of a training each, or a run whose classifier is taken. Every task is built on every one. */
  classifiers: z
    .array(z.looseObject({ label: label.exactOptional(), run: z.string().min(1).exactOptional() }))
    .min(1)
    .max(mostEntries)
    .default([{}]),
  /**
   * An axis: tasks without `run_path` and `seed`. `classifier` has parameters of the training that the task asks for. A task
   * with `fitted_on` has the classifier of the task with that label, and is scored by the detectors that were fitted there.
   */
  tasks: z
    .array(
      z.preprocess(
        namedAlone,
        z.looseObject({
          name: z.string().min(1),
          label: label.exactOptional(),
          classifier: jsonObject.exactOptional(),
          fitted_on: label.exactOptional(),
        }),
      ),
    )
    .min(1)
    .max(mostEntries),
  /** An axis: detectors. */
  detectors: z.array(detectorPart).min(1).max(mostEntries),
  /** Parameters of train-detector besides detector, task and seed. */
  evaluation: jsonObject.default({}),
  /**
   * Parameters that take several values, by path: `task.classifier.train_data.backdoor.p_backdoor`, `detector.k`,
   * `evaluation.batch_size`; `tasks.LABEL.` and `detectors.LABEL.` in place of `task.` and `detector.` mean one of them.
   */
  sweep: z.record(z.string(), sweepAxisSchema).default({}),
  /** Draws so many points of the sweep at random in place of the whole grid. */
  random: z
    .strictObject({ budget: z.int().min(1).max(mostEntries), seed: z.int().nonnegative().default(0) })
    .exactOptional(),
});
export type ExperimentSpec = z.output<typeof experimentSpecSchema>;
/** As people write it, with what has a default left out. */
export type ExperimentSpecInput = z.input<typeof experimentSpecSchema>;

/** The seeds of an experiment. */
export function seedsOf({ seeds }: Pick<ExperimentSpec, 'seeds'>): number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i) : [...new Set(seeds)];
}

/** The content of `experiment.json`. */
export const experimentFileSchema = z.object({
  format: z.literal(experimentFormat),
  id: z.string().regex(/^[0-9a-z-]+$/, 'must be lower-case letters, digits and dashes.'),
  created_at: z.iso.datetime({ offset: true }),
  /** How many runs it has, classifiers among them. */
  runs: z.int().nonnegative(),
  /** What relative paths in the spec count from, and where datasets are looked for; absolute. */
  working_dir: pathText,
  data_dir: pathText,
  /** Whether it is refused to delete the experiment and the runs that fill its cells. */
  locked: z.boolean().exactOptional(),
  spec: experimentSpecSchema,
});
export type ExperimentFile = z.output<typeof experimentFileSchema>;
