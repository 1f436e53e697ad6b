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

/**
 * An experiment as the wizard holds it: a classifier (trained for it, or an earlier run), a task on it, any number of
 * detectors, and how they are evaluated. Values may still be wrong: `drafts.check` says which.
 */
export const draftSchema = z.object({
  /** The preset that it started from, or "" for none. */
  preset: z.string(),
  /** Parameters of train-classifier, or the id of the run whose classifier is taken. */
  classifier: z.discriminatedUnion('source', [
    z.object({ source: z.literal('train'), params }),
    z.object({ source: z.literal('run'), run: z.string() }),
  ]),
  /** Without `run_path`, which comes from the classifier. */
  task: pickedSchema,
  detectors: z.array(pickedSchema).max(mostDetectors),
  /** Parameters of train-detector besides detector and task. */
  evaluation: params,
  /** `auto` or an engine's id. */
  engine: z.string(),
  /** More than one makes it an experiment whose runs are repeated with seeds from 0 on. */
  seeds: z.int().min(1).max(mostSeeds).exactOptional(),
  /** What the experiment is called; a name is made of what it is about where left out. */
  name: z.string().max(mostExperimentNameCharacters).exactOptional(),
  tags: z.array(z.string().max(mostTagCharacters)).max(mostTags),
});
export type ExperimentDraft = z.infer<typeof draftSchema>;

/**
 * The steps of the wizard; the first element of a fault's path names the part of the draft and thereby the step where
 * it can be fixed.
 */
export const wizardSteps = ['task', 'model', 'detectors', 'evaluation', 'review'] as const;
export type WizardStep = (typeof wizardSteps)[number];

/**
 * What is wrong with a draft by step and by the label of the field, each step's choice in a few words, and by id why
 * the detectors that cannot be fitted on the task cannot.
 */
export const draftCheckSchema = z.object({
  faults: z.array(faultSchema.extend({ step: z.enum(wizardSteps), label: z.string() })),
  summaries: z.record(z.enum(wizardSteps), z.string()),
  unsuited: z.record(z.string(), z.string()),
});
export type DraftCheck = z.infer<typeof draftCheckSchema>;

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
