import { z } from 'zod';
import { mostExperimentNameCharacters, mostSeeds } from './experiment.ts';
import { faultSchema, pickedSchema } from './form.ts';

const params = z.record(z.string(), z.unknown());

/** Most detectors of one experiment: each becomes a run. */
const mostDetectors = 100;
/** Most tags in a draft; a run from elsewhere may have more. */
export const mostTags = 100;
/** Most characters of a tag in a draft. */
export const mostTagCharacters = 60;

/** Most tasks, and most classifiers, of one draft. */
const mostParts = 100;
/** Most values of one swept parameter in a draft. */
export const mostSweepValues = 100;

/** Parameters of train-classifier, or the id of the run whose classifier is taken. */
const classifierSchema = z.discriminatedUnion('source', [
  z.object({ source: z.literal('train'), params }),
  z.object({ source: z.literal('run'), run: z.string() }),
]);
export type DraftClassifier = z.infer<typeof classifierSchema>;

/** A task with what its classifier is trained on. */
const taskPartSchema = z.object({
  /** `train_data` of its classifier; left out where only classifiers of the catalogue are taken. */
  data: z.unknown().optional(),
  /** What else the task asks of its training. */
  training: params.exactOptional(),
  /** Without `run_path`, which comes from the classifier. */
  task: pickedSchema,
});
export type TaskPart = z.infer<typeof taskPartSchema>;

/** A detector that a run has fitted, by the run's id, which is evaluated as it is. */
const fittedPartSchema = z.object({ run: z.string(), label: z.string().exactOptional() });

/**
 * An experiment as the wizard holds it: classifiers (trained for it, or of earlier runs), tasks on them, any number of
 * detectors, and how they are evaluated. One task and one classifier are open, which previews and forms are about; the others
 * stand beside them (`shared/draft-parts.ts`). A number or choice that takes several values is `{ sweep: [...] }`. Values may
 * still be wrong: `drafts.check` says which.
 */
export const draftSchema = z.object({
  /** The preset that it started from, or "" for none. */
  preset: z.string(),
  /** The open one. With `source` "train" its params hold the open task's `train_data`. */
  classifier: classifierSchema,
  /** The open one, without `run_path`, which comes from the classifier. */
  task: pickedSchema,
  detectors: z.array(pickedSchema).max(mostDetectors),
  /** Detectors that earlier runs have fitted, evaluated beside the others. */
  fitted: z.array(fittedPartSchema).max(mostDetectors).exactOptional(),
  /** Parameters of train-detector besides detector and task. */
  evaluation: params,
  /** `auto` or an engine's id. */
  engine: z.string(),
  /** More than one makes it an experiment whose runs are repeated with seeds from 0 on. */
  seeds: z.int().min(1).max(mostSeeds).exactOptional(),
  /** What the experiment is called; a name is made of what it is about where left out. */
  name: z.string().max(mostExperimentNameCharacters).exactOptional(),
  tags: z.array(z.string().max(mostTagCharacters)).max(mostTags),
  /** The other tasks in their order, and the place of the open one among all. */
  otherTasks: z.array(taskPartSchema).max(mostParts).exactOptional(),
  taskPlace: z.int().nonnegative().exactOptional(),
  /** The other classifiers in their order, without `train_data`, and the place of the open one among all. */
  otherClassifiers: z.array(classifierSchema).max(mostParts).exactOptional(),
  classifierPlace: z.int().nonnegative().exactOptional(),
  /** `train_data` of the open task while the open classifier is one of the catalogue. */
  data: z.unknown().optional(),
  /** What the open task asks of its training besides `train_data`. */
  taskTraining: params.exactOptional(),
  /** Layers of all detectors that have none of their own; of one classifier, since others have other layers. */
  layers: z.array(z.string()).exactOptional(),
  /** The id of the experiment that it adds to. */
  extends: z.string().exactOptional(),
});
export type ExperimentDraft = z.infer<typeof draftSchema>;

/**
 * The steps of the wizard; the first element of a fault's path names the part of the draft and thereby the step where
 * it can be fixed.
 */
export const wizardSteps = ['task', 'model', 'detectors', 'evaluation', 'review'] as const;
export type WizardStep = (typeof wizardSteps)[number];

/** A value of a parameter of the task that gives a detector what it needs. */
const mendSchema = z.object({ path: z.array(z.string()), value: z.unknown(), label: z.string(), written: z.string() });

/** Why a detector cannot be fitted on some of a draft's tasks. */
const unmetNeedSchema = z.object({
  /** In one sentence, with what to do about it. */
  message: z.string(),
  /** Without what to do: "None of the 4 tasks has untrusted data." */
  lack: z.string(),
  /** Places of the tasks that it cannot be fitted on. */
  tasks: z.array(z.int()),
  /** What to set in each of these tasks; empty where no value of a parameter would do. */
  mends: z.array(mendSchema),
});
export type UnmetNeed = z.infer<typeof unmetNeedSchema>;

/**
 * What is wrong with a draft by step and by the label of the field, each step's choice in a few words, what tasks, classifiers
 * and detectors are called in the matrix, and by id why the detectors that cannot be fitted on the tasks cannot. Faults of a task or classifier that is not
 * open have the path `otherTasks` or `otherClassifiers` with its place among all.
 */
export const draftCheckSchema = z.object({
  faults: z.array(faultSchema.extend({ step: z.enum(wizardSteps), label: z.string() })),
  summaries: z.record(z.enum(wizardSteps), z.string()),
  tasks: z.array(z.string()),
  classifiers: z.array(z.string()),
  detectors: z.array(z.string()),
  unsuited: z.record(z.string(), unmetNeedSchema),
});
export type DraftCheck = z.infer<typeof draftCheckSchema>;

/** What an experiment would compute, before it is begun. */
export const draftPlanSchema = z.object({
  seeds: z.array(z.int()),
  rows: z.array(z.object({ label: z.string(), detector: z.string() })),
  columns: z.array(
    z.object({
      label: z.string(),
      /** Why its results will say nothing of detection, as far as that is known of classifiers that are there. */
      warning: z.string().nullable(),
    }),
  ),
  /** By row, then by column. */
  cells: z.array(
    z.array(
      z.object({
        /** One a seed: whether its run is there already. */
        reused: z.array(z.boolean()),
        /** Why it cannot be done. */
        impossible: z.string().nullable(),
      }),
    ),
  ),
  classifiers: z.object({
    total: z.int(),
    /** There already, be it in an experiment or as runs of the catalogue that are taken. */
    reused: z.int(),
    /** Experiments that they are taken from. */
    from: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
  /** Runs to be computed, by detector; trainings under `classifier`, fitted detectors under `evaluation`. */
  toCompute: z.record(z.string(), z.int()),
  /** Free bytes where runs are stored; null if that is not known. */
  freeBytes: z.number().nullable(),
  /** The experiment that it adds to, where nothing of that is left out; else it becomes one of its own. */
  addsTo: z.string().nullable(),
  /** As `experiment.json` will have it. */
  spec: params,
});
export type DraftPlan = z.infer<typeof draftPlanSchema>;

/** How long finished runs took here, by detector; trainings under `classifier`, evaluations under `evaluation`. */
export const runTimesSchema = z.record(
  z.string(),
  z.object({ runs: z.int(), lowMs: z.number(), middleMs: z.number(), highMs: z.number() }),
);
export type RunTimes = z.infer<typeof runTimesSchema>;

export const presetSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** "Corner pixel". */
  summary: z.string(),
  /** How long it takes on a common machine, shown until it is measured on this one; null if nothing is shown. */
  usualMs: z.number().nullable(),
  /** Datasets that must be on disk first; empty if it runs at once. */
  missingData: z.array(z.string()),
  draft: draftSchema,
});
export type Preset = z.infer<typeof presetSchema>;

/** A parameter of a spec for people. */
export const specLineSchema = z.object({
  label: z.string(),
  /** What the parameter means; "" where no definition knows it. */
  help: z.string(),
  /** With its unit: "5 %", "Corner pixel". */
  value: z.string(),
  /** The number of picked definitions that it is nested in. */
  depth: z.int().nonnegative(),
});
export type SpecLine = z.infer<typeof specLineSchema>;

/** One run that the draft would start. */
const plannedRunSchema = z.object({
  kind: z.enum(['classifier', 'detector']),
  title: z.string(),
  lines: z.array(specLineSchema),
  /** As spec.json will hold it. */
  spec: params,
  /** The equivalent command line; null if there is none, with the reason. */
  command: z.string().nullable(),
  noCommand: z.string().nullable(),
  folder: z.string(),
  files: z.array(z.object({ name: z.string(), what: z.string(), bytes: z.number().nullable() })),
});
export const reviewSchema = z.object({ runs: z.array(plannedRunSchema) });
export type Review = z.infer<typeof reviewSchema>;

/** How long it should take, measured on this machine with a few batches; null if it is not known. */
export const estimateSchema = z.object({
  totalMs: z.number().nullable(),
  /** What it may take: more than a few samples show, where a method's work grows faster than its samples. */
  mostMs: z.number().nullable(),
  parts: z.array(z.object({ phase: z.string(), ms: z.number() })),
  engine: z.string(),
});
export type Estimate = z.infer<typeof estimateSchema>;

/** A module of a network, for drawings and for choosing layers. */
const networkLayerSchema = z.object({
  /** The name for a detector's parameters: "layers.linear_0.output". */
  activation: z.string(),
  /** "linear", "conv", "relu", …. */
  kind: z.string(),
  /** Without the batch. */
  shape: z.array(z.number()),
  parameters: z.number(),
  /** Whether detectors look at it by default. */
  isDefault: z.boolean(),
});
export const networkSchema = z.object({
  architecture: z.string(),
  inputShape: z.array(z.number()),
  classes: z.number().nullable(),
  parameters: z.number(),
  layers: z.array(networkLayerSchema),
});
export type NetworkDescription = z.infer<typeof networkSchema>;
