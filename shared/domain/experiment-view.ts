import { z } from 'zod';
import { sweptAxisSchema, sweptPlaceSchema } from './swept-axis.ts';
import { experimentSpecSchema } from './experiment.ts';
import { matrixMetricIds, resultMatrixSchema } from './result-matrix.ts';

const spec = experimentSpecSchema.shape;

/** `running`: here; `elsewhere`: in another process of this machine; `paused`: a person has asked for it, or a disk has no room. */
const experimentStates = ['idle', 'running', 'paused', 'elsewhere'] as const;

/** An experiment in lists. */
export const experimentSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  question: z.string(),
  tags: z.array(z.string()),
  /** Whether it is refused to delete it and the runs in its cells. */
  locked: z.boolean(),
  created_at: z.string(),
  folder: z.string(),
  state: z.enum(experimentStates),
  /** Why it is paused, or why it cannot be read; null where neither is so. */
  note: z.string().nullable(),
  /** How many there are of each; null where its row cannot be read. */
  tasks: z.int().nullable(),
  detectors: z.int().nullable(),
  seeds: z.int().nullable(),
  /** Its runs, classifiers among them, by where they stand; the rest waits. */
  counts: z.object({ total: z.int(), done: z.int(), running: z.int(), failed: z.int() }),
  /** How many of them cannot begin because a classifier has failed; known once nothing else is left to compute. */
  stuck: z.int(),
});
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>;

const share = z.number().nullable();

/** The classifiers of a task, one a seed: the head of a column. */
const classifierStripSchema = z.object({
  /** Mean over seeds, 0 to 1. */
  cleanAccuracy: share,
  /** Share of triggered samples that are taken for the target; null where the classifier has learned no trigger. */
  attackSuccess: share,
  seeds: z.array(
    z.object({
      seed: z.int().nonnegative(),
      run: z.string().nullable(),
      state: z.enum(['waiting', 'running', 'done', 'failed']),
      progress: share,
      cleanAccuracy: share,
      attackSuccess: share,
      reason: z.string().nullable(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type ClassifierStrip = z.infer<typeof classifierStripSchema>;

/** A detector against the baseline, over the tasks that count. */
const differenceSchema = z.object({
  mean: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  /** By Wilcoxon's signed-rank test, Holm-corrected; null where there are too few tasks. */
  p: z.number().nullable(),
  /** On how many tasks it does better, as well and worse. */
  win: z.int().nonnegative(),
  tie: z.int().nonnegative(),
  loss: z.int().nonnegative(),
});

/** A row's figures over tasks. */
const rowStatisticsSchema = z.object({
  mean: z.number().nullable(),
  /** null for skylines, and where nothing can be ranked. */
  rank: z.number().nullable(),
  difference: differenceSchema.nullable(),
});

/** A run that goes on or waits. */
const queuedCellSchema = z.object({
  key: z.string(),
  label: z.string(),
  run: z.string().nullable(),
  state: z.enum(['running', 'waiting']),
  /** The classifier that it waits for in vain; null if it does not. */
  stuck: z.object({ label: z.string(), reason: z.string().nullable() }).nullable(),
  progress: share,
  /** What it should still take, measured on runs of its kind in this experiment; null where none has ended. */
  leftMs: z.number().nullable(),
});

/** What there is to choose from where layers become one score. */
const layersSchema = z.object({
  /** How the runs themselves combine their layers; null where detectors differ in it. */
  own: z.string().nullable(),
  /** The layers that runs have scores of, with their short names. */
  single: z.array(z.object({ id: z.string(), name: z.string() })),
});

/** An experiment's page. */
export const experimentViewSchema = z.object({
  summary: experimentSummarySchema,
  notes: z.string(),
  matrix: resultMatrixSchema,
  layers: layersSchema,
  /** What is swept, and where columns and rows of the matrix stand in it. */
  sweep: z.object({
    axes: z.array(sweptAxisSchema),
    columns: z.array(sweptPlaceSchema),
    rows: z.array(sweptPlaceSchema),
  }),
  strip: z.array(classifierStripSchema),
  /** One a row of the matrix. */
  rows: z.array(rowStatisticsSchema),
  /** Index of the row that the others are compared with; null where none can be. */
  baseline: z.int().nullable(),
  /** What is said of tests across tasks: "too few tasks for a test across tasks". */
  testNote: z.string().nullable(),
  /**
   * Rows of which no two are told apart by tests across tasks, best mean rank first; null where there are too few tasks to tell any
   * apart.
   */
  groups: z.array(z.array(z.int().nonnegative())).nullable(),
  /** Labels of the tasks that means and ranks are over. */
  counted: z.array(z.string()),
  queue: z.array(queuedCellSchema),
  waiting: z.int().nonnegative(),
  /** Least and most that all of it should still take. */
  leftMs: z.tuple([z.number(), z.number()]).nullable(),
});
export type ExperimentView = z.infer<typeof experimentViewSchema>;

/** How layers become one score: as each run combined them, or in one of the ways that stored scores can be combined afterwards. */
export const matrixAggregations = ['own', 'mean', 'max'] as const;

/** What of the results a page shows. */
export const viewOptionsSchema = z.object({
  metric: z.enum(matrixMetricIds).default('auroc'),
  /** How each run's layers become one score. */
  aggregation: z.enum(matrixAggregations).default('own'),
  /** The layer whose scores are taken alone, in place of an aggregate; its name, or its short one. */
  layer: z.string().min(1).max(500).optional(),
  /** The label of the row that the others are compared with. */
  baseline: z.string().optional(),
});
export type ViewOptions = z.input<typeof viewOptionsSchema>;

const layerFigure = z.object({ mean: z.number(), lower: z.number(), upper: z.number() });

/** The figures of an experiment at each layer. */
export const figuresByLayerSchema = z.object({
  layers: z.array(z.object({ id: z.string(), name: z.string() })),
  /** By row, column and layer; null where there is none. */
  cells: z.array(z.array(z.array(layerFigure.nullable()))),
});
export type FiguresByLayer = z.infer<typeof figuresByLayerSchema>;

/** What of an experiment its page can change; what is left out stays as it is. */
export const experimentChangesSchema = z.object({
  name: spec.name.optional(),
  question: spec.question.unwrap().optional(),
  notes: spec.notes.unwrap().optional(),
  tags: spec.tags.unwrap().optional(),
});
export type ExperimentChanges = z.infer<typeof experimentChangesSchema>;

/** Formats of the table of an experiment. */
export const tableFormats = ['latex', 'markdown', 'csv', 'json', 'tsv', 'html'] as const;
export type TableFormat = (typeof tableFormats)[number];
