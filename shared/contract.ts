import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import {
  draftCheckSchema,
  draftPlanSchema,
  draftSchema,
  estimateSchema,
  networkSchema,
  presetSchema,
  reviewSchema,
  runTimesSchema,
} from './domain/draft.ts';
import { engineStatusSchema, speedReportSchema } from './domain/engine.ts';
import {
  experimentChangesSchema,
  experimentSummarySchema,
  experimentViewSchema,
  tableFormats,
  figuresByLayerSchema,
  viewOptionsSchema,
} from './domain/experiment-view.ts';
import { figureOptionsSchema } from './domain/experiment-figure.ts';
import { reportOptionsSchema, tableSpreads } from './domain/experiment-report.ts';
import { formRegistrySchema } from './domain/form.ts';
import {
  classCountsSchema,
  datasetSummarySchema,
  downloadStateSchema,
  importStateSchema,
  modelCheckSchema,
  modelSummarySchema,
} from './domain/library.ts';
import { catalogueEventSchema, runEventSchema } from './domain/live.ts';
import { folderListingSchema, mostSpareFiles, recordedCountSchema, recordedLookSchema } from './domain/recorded.ts';
import { isScoreChoice, mostCompared } from './domain/compared.ts';
import { comparisonSchema } from './domain/comparison.ts';
import { planeSchema, runDetailSchema, shownResultSchema, scoreSetSchema } from './domain/result.ts';
import { errorRecordSchema, mostNameCharacters } from './domain/run.ts';
import { metadataValuesSchema, neighboursSchema, sampleTokensSchema } from './domain/sample-tokens.ts';
import { namedPoolings, tokenPoolingSchema } from './scores/token-pooling.ts';
import { closeSampleSchema, sampleSetSchema, testPreviewSchema } from './domain/samples.ts';
import { mostAskedFields, specFieldSchema, specPathSchema, specValuesSchema } from './domain/spec-field.ts';
import { activationCacheStateSchema, appInfoSchema, settingsChangesSchema, settingsSchema } from './domain/settings.ts';
import { madeFileSchema } from './domain/made-file.ts';
import {
  newPluginSchema,
  pluginChangeSchema,
  pluginsStateSchema,
  pluginSourceSchema,
  pythonEnvironmentSchema,
} from './domain/plugin.ts';
import { restoredSchema, trashItemSchema } from './domain/trash.ts';
import { partSchema } from './domain/upload.ts';
import { naming } from './schema/places.ts';

/**
 * Every call may fail with `FAILED`, whose data is the {@link import('./errors.ts').ErrorRecord} that a person is
 * shown; what does not fit the input schema is refused before any handler runs.
 */
const call = oc.errors({ FAILED: { status: 422, data: errorRecordSchema } });

const run = z.object({ id: z.string().min(1) });
/** A run whose data are read again. */
const runWithData = z.object({ id: naming('run', z.string().min(1)) });
const runIds = z.object({ ids: z.array(z.string().min(1)).min(1).max(100_000) });
const dataset = z.object({ name: z.string().min(1) });
const draft = z.object({ draft: naming('draft', draftSchema) });
const folder = naming('path', z.string().min(1));
const upload = z.object({ id: z.string().min(1).max(100) });
const made = z.object({ id: z.string().min(1).max(100) });
const nothing = z.object({});

/** How the scores of its tokens are put together, where each was scored on its own; as the run did unless given. */
const pooledRun = run.extend({ pooling: tokenPoolingSchema.optional() });

/** Calls about runs: the catalogue, progress and results. */
const runs = {
  /** Yields all runs, then every change to them, until the stream is dropped. */
  watch: call.input(nothing).output(eventIterator(catalogueEventSchema)),
  /** The parameters that runs have, those that differ among them first. */
  fields: call.input(nothing).output(z.array(specFieldSchema)),
  /** Yields the values of parameters, of all runs or of these, in parts that follow `paths`. */
  values: call
    .input(
      z.object({
        paths: z.array(specPathSchema).min(1).max(mostAskedFields),
        ids: z.array(z.string().min(1)).max(100_000).optional(),
      }),
    )
    .output(eventIterator(specValuesSchema)),
  get: call.input(run).output(runDetailSchema),
  /** Yields training curve and log: first what exists, then what is added. Ends with the run. */
  follow: call.input(run).output(eventIterator(runEventSchema)),
  /** null if the run has not been evaluated (yet). */
  result: call.input(pooledRun).output(shownResultSchema.nullable()),
  scores: call.input(pooledRun).output(scoreSetSchema),
  /** The run's activations of one layer in the plane. */
  plane: call.input(run.extend({ layer: z.string() })).output(planeSchema),
  /** Test samples by their places in the score arrays. */
  samples: call
    .input(runWithData.extend({ positions: z.array(z.int().nonnegative()).max(500) }))
    .output(sampleSetSchema),
  /** One of them beside what it was made of, and the classes that the model takes it for. */
  sample: call.input(runWithData.extend({ position: z.int().nonnegative() })).output(closeSampleSchema),
  /** Its tokens, their scores where each was scored on its own, and its metadata. */
  tokens: call.input(runWithData.extend({ position: z.int().nonnegative() })).output(sampleTokensSchema),
  /** The trusted samples nearest to it at a layer. */
  neighbours: call
    .input(
      runWithData.extend({
        position: z.int().nonnegative(),
        layer: z.string().max(mostNameCharacters),
        tokens: z.enum(namedPoolings),
      }),
    )
    .output(neighboursSchema),
  /** Columns of metadata of the test samples. */
  columns: call.input(runWithData).output(z.object({ columns: z.array(z.string()) })),
  /** What some of them have in a column. */
  columnValues: call
    .input(
      runWithData.extend({
        column: z.string().max(mostNameCharacters),
        positions: z.array(z.int().nonnegative()).max(5000),
      }),
    )
    .output(z.object({ values: metadataValuesSchema })),
  /** Those whose text has `text` in it: packed `positions` int32 `[m]`; none if the samples are images. */
  findSamples: call
    .input(runWithData.extend({ text: z.string().min(1).max(200) }))
    .output(z.object({ arrays: z.instanceof(Blob) })),
  compare: call
    .input(
      z.object({
        ids: z.array(z.string().min(1)).min(2).max(mostCompared),
        /** Which score of the samples; `all` unless given. */
        score: z.string().max(mostNameCharacters).refine(isScoreChoice, 'Expected a choice of scores.').optional(),
      }),
    )
    .output(comparisonSchema),

  cancel: call.input(runIds).output(nothing),
  /** How many other runs, waiting now or to be begun by an experiment, need one of these to end well. */
  waitingFor: call.input(runIds).output(z.object({ count: z.int().nonnegative() })),
  /**
   * Resumes a training that was interrupted, cancelled or failed, optionally with smaller batches to need less memory. Runs
   * that were cancelled with it wait for it again, also those of an experiment.
   */
  resume: call.input(runWithData.extend({ batchSize: z.int().positive().optional() })).output(nothing),
  /** Repeats a spec as a new run. Returns its id. */
  repeat: call.input(runWithData).output(run),
  change: call
    .input(
      runIds.extend({
        addTags: z.array(z.string().min(1).max(60)).optional(),
        removeTags: z.array(z.string()).optional(),
        /** The name of a model. */
        title: z.string().trim().min(1).max(mostNameCharacters).optional(),
        notes: z.string().max(100_000).optional(),
        pinned: z.boolean().optional(),
        archived: z.boolean().optional(),
        locked: z.boolean().optional(),
      }),
    )
    .output(nothing),
  /**
   * Moves runs into the trash, with the evaluations in their folders: all of them, or none where one is locked or running. Returns the
   * ids of all that are gone, and how many of those that stay build on them.
   * @throws `conflict` with the detail `awaited` where so many cells of experiments that go on wait for one, unless `anyway` is set.
   */
  remove: call
    .input(runIds.extend({ anyway: z.boolean().default(false) }))
    .output(z.object({ ids: z.array(z.string()), needed: z.int() })),
  /** Restores what holds these runs from the trash. */
  restore: call.input(runIds).output(nothing),
  /** Adds runs that the catalogue does not know: the one in a folder, or all below it. */
  takeUp: call
    .input(z.object({ folder }))
    .output(
      z.object({ added: z.array(z.string()), skipped: z.array(z.object({ folder: z.string(), reason: z.string() })) }),
    ),
};

/** Formats of a report. `scores` is one line a sample, `figures-*` a zip of all figures. */
export const reportFormats = ['html', 'markdown', 'csv', 'json', 'scores', 'figures-svg', 'figures-png'] as const;

const reports = {
  make: call
    .input(
      z.object({
        runs: z.array(z.string().min(1)).min(1).max(1000),
        format: z.enum(reportFormats),
        title: z.string().max(200).optional(),
        /** What was to be found out. */
        question: z.string().max(10_000).optional(),
        /** The user's own words, Markdown. */
        notes: z.string().max(100_000).optional(),
      }),
    )
    .output(madeFileSchema),
};

/** Calls of the wizard. */
const drafts = {
  /** All that can be chosen, with its parameters. */
  definitions: call.input(nothing).output(z.array(formRegistrySchema)),
  presets: call.input(nothing).output(z.array(presetSchema)),
  /** Paths that a page may not reach are reported as faults, too. */
  check: call.input(z.object({ draft: draftSchema })).output(draftCheckSchema),
  /** A few test samples, clean and anomalous; `draw` chooses which. */
  preview: call
    .input(draft.extend({ draw: z.int().nonnegative(), count: z.int().min(1).max(60) }))
    .output(testPreviewSchema),
  /** The network that the draft's classifier is or will be. */
  network: call.input(draft).output(networkSchema),
  /** What would be done and written. @throws `usage` if the draft has faults. */
  review: call.input(draft).output(reviewSchema),
  /** Measures a few batches; some seconds at most. */
  estimate: call.input(draft).output(estimateSchema),
  /** What an experiment of the draft would compute, and what of it is there. @throws `usage` if the draft has faults. */
  plan: call.input(draft).output(draftPlanSchema),
  /** How long finished runs took here. */
  runTimes: call.input(nothing).output(runTimesSchema),
  /**
   * Starts what the draft asks for: a detector on one task with one seed as runs of its own, whose ids come back, the
   * classifier's first where one is trained; anything more as an experiment, whose id does. A draft that adds to an experiment
   * and leaves nothing of it out changes that one.
   */
  start: call.input(draft).output(z.object({ ids: z.array(z.string()), experiment: z.string().nullable() })),
  /** The draft that would do an earlier run again. */
  fromRun: call.input(runWithData).output(draftSchema),
  /** The draft that would add to an experiment. */
  fromExperiment: call.input(z.object({ id: z.string().min(1) })).output(draftSchema),
  /** The draft as it was left, if any. */
  storedDraft: call.input(nothing).output(draftSchema.nullable()),
  /** Stores the draft as it is, whatever it names. */
  storeDraft: call.input(z.object({ draft: draftSchema.nullable() })).output(nothing),
};

/** Calls about recorded activations in files of others. */
const recorded = {
  /** What lies in a folder; by default in the root, or the user's own folder. */
  browse: call.input(z.object({ folder: folder.optional() })).output(folderListingSchema),
  /** What the files of a draft's task, and some beside it, say of themselves, and some test samples; `draw` chooses which. */
  look: call
    .input(
      draft.extend({
        spare: z.array(folder).max(mostSpareFiles),
        draw: z.int().nonnegative(),
        count: z.int().min(1).max(60),
      }),
    )
    .output(recordedLookSchema),
  /** Counts what is odd in the numbers of a draft's task; ends with the counts. Dropping the stream stops it. */
  count: call.input(draft).output(eventIterator(recordedCountSchema)),
};

const experiment = z.object({ id: z.string().min(1) });
/** Labels have the values of a sweep in them. */
const mostLabel = 2000;

/** Calls about experiments: many runs as one thing. */
const experiments = {
  /** All experiments, again whenever one of them has changed; the stream goes on until it is dropped. */
  watch: call.input(nothing).output(eventIterator(z.object({ experiments: z.array(experimentSummarySchema) }))),
  view: call.input(experiment.extend(viewOptionsSchema.shape)).output(experimentViewSchema),
  /** What the page shows, as a table for a paper or for other programs. */
  table: call
    .input(
      experiment
        .extend(viewOptionsSchema.shape)
        .extend({ format: z.enum(tableFormats), spread: z.enum(tableSpreads).default('interval') }),
    )
    .output(z.instanceof(File)),
  /** What the page shows, as a figure for a paper. */
  figure: call
    .input(experiment.extend(viewOptionsSchema.shape).extend(figureOptionsSchema.shape))
    .output(z.instanceof(File)),
  /** All of it as one document. */
  report: call
    .input(experiment.extend(viewOptionsSchema.shape).extend(reportOptionsSchema.shape))
    .output(madeFileSchema),
  /** The figures of every cell at each layer. */
  byLayer: call.input(experiment.extend({ metric: viewOptionsSchema.shape.metric })).output(figuresByLayerSchema),
  /** Changes what people say of it. */
  change: call.input(experiment.extend(experimentChangesSchema.shape)).output(nothing),
  /** Computes what of it is not there yet; of these cells alone, by the labels of detector and task, if given. */
  start: call
    .input(
      experiment.extend({
        cells: z
          .array(z.object({ detector: z.string().max(mostLabel), task: z.string().max(mostLabel) }))
          .min(1)
          .max(1000)
          .optional(),
      }),
    )
    .output(nothing),
  /** Stops; what is done is kept. */
  stop: call.input(experiment).output(nothing),
  /** Begins no more of its runs; those that are being computed go on. */
  pause: call.input(experiment).output(nothing),
  /** Goes on, whatever has paused it. */
  resume: call.input(experiment).output(nothing),
  /** Has these runs come next, by the keys of its queue. */
  first: call.input(experiment.extend({ keys: z.array(z.string()).min(1).max(1000) })).output(nothing),
  /** Ids and names of those that ship with the program. */
  suites: call.input(nothing).output(z.array(z.object({ id: z.string(), name: z.string(), question: z.string() }))),
  /** Keeps a suite as an experiment, unless it is one already, and starts it. */
  startSuite: call.input(z.object({ suite: z.string().min(1) })).output(experiment),
  /** Locks it, so that it is refused to delete it and the runs in its cells, or unlocks it. */
  lock: call.input(experiment.extend({ locked: z.boolean() })).output(nothing),
  /**
   * Moves it into the trash with its folder. `trash` is its id there; null where its folder was gone, and it is but off the list. `kept`
   * of the runs in it stay, since other experiments use them.
   */
  remove: call
    .input(experiment)
    .output(z.object({ name: z.string(), trash: z.string().nullable(), runs: z.int(), kept: z.int() })),
  /** Takes it off the list; its runs and its folder stay. */
  forget: call.input(experiment).output(nothing),
};

const trashIds = z.object({ ids: z.array(z.string().min(1).max(100)).min(1).max(100_000) });

/** Calls about what was deleted and can be restored. */
const trash = {
  /** All of it, deleted last first, again whenever it has changed; the stream goes on until it is dropped. */
  watch: call.input(nothing).output(eventIterator(z.object({ items: z.array(trashItemSchema) }))),
  /** Passes over what is not there any more. */
  restore: call.input(trashIds).output(z.object({ restored: z.array(restoredSchema) })),
  /** Deletes for good; returns when that has begun. */
  delete: call.input(trashIds).output(nothing),
  /** Deletes all of it for good. */
  empty: call.input(nothing).output(nothing),
};

/** Files for an import come in parts, so that no message is large: see `send-files.ts`. */
const uploads = {
  begin: call.input(nothing).output(upload),
  put: call.input(upload.extend(partSchema.shape)).output(nothing),
  drop: call.input(upload).output(nothing),
};

/** Files that the program made are fetched in parts, too: see `fetch-file.ts`. */
const files = {
  /** The next bytes from `start` on. */
  part: call.input(made.extend({ start: z.int().nonnegative() })).output(z.instanceof(Blob)),
  drop: call.input(made).output(nothing),
};

const datasets = {
  list: call.input(nothing).output(z.array(datasetSummarySchema)),
  preview: call.input(dataset.extend({ draw: z.int().nonnegative(), count: z.int().min(1).max(200) })).output(
    z.object({
      samples: sampleSetSchema,
      counts: classCountsSchema.nullable(),
      /** What a person should know of the data, such as what was left out. */
      notes: z.array(z.string()),
    }),
  ),
  /** Downloads and checks a dataset. Dropping the stream stops it; the next download resumes there. */
  download: call.input(dataset).output(eventIterator(downloadStateSchema)),
  /**
   * Takes in uploaded files as a dataset of this name: a folder of class folders with images, or a known dataset's own
   * files. Ends with the dataset. Dropping the stream stops the import, and nothing is kept.
   */
  import: call
    .input(z.object({ name: z.string().min(1).max(60), upload: upload.shape.id }))
    .output(eventIterator(importStateSchema)),
  /** The same from a folder on this machine. */
  importFolder: call
    .input(z.object({ name: z.string().min(1).max(60), folder }))
    .output(eventIterator(importStateSchema)),
};

const trained = naming('training', z.record(z.string(), z.unknown()));

const models = {
  list: call.input(nothing).output(z.array(modelSummarySchema)),
  /**
   * Imports `model.json` and `model.safetensors` (file-formats.md), perhaps with `spec.json` and `trigger.safetensors`,
   * which were uploaded; `trained` are parameters of the definition "trained-elsewhere", what it was trained on.
   */
  import: call
    .input(
      z.object({
        name: z.string().min(1).max(mostNameCharacters),
        upload: upload.shape.id,
        trained: trained.optional(),
      }),
    )
    .output(run),
  /** States the training of a model that was imported without. */
  stateTraining: call.input(run.extend({ trained })).output(nothing),
  /** Measures a model on the test half of its data, with its pre-processing and with others. @throws `usage` if they are not known. */
  check: call.input(runWithData).output(modelCheckSchema),
};

const engines = {
  /** Loads and tests every engine, in a process of its own. */
  statuses: call.input(nothing).output(z.array(engineStatusSchema)),
  /** Measures how fast an engine is here; ends with the report. */
  speedTest: call
    .input(z.object({ engine: z.string() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('progress'), done: z.number(), total: z.number(), note: z.string() }),
          z.object({ type: z.literal('report'), report: speedReportSchema }),
        ]),
      ),
    ),
};

const plugin = z.object({ id: z.string().min(1).max(64) });

/** Calls about plugins. Nothing of a plugin runs before its content was allowed, and in a browser only if the program was started so. */
const plugins = {
  /** All of them, again whenever one has changed; the stream goes on until it is dropped. */
  watch: call.input(nothing).output(eventIterator(pluginsStateSchema)),
  /** Lists a plugin, off until its content is allowed. Reads its manifest and its files; runs nothing. */
  add: call.input(pluginSourceSchema).output(plugin),
  /** Makes the folder of a new plugin and lists it as one that is developed here, off until it is allowed. */
  create: call.input(newPluginSchema).output(plugin),
  /** Allows exactly this content. @throws `conflict` if the plugin is another by now. */
  allow: call
    .input(
      plugin.extend({
        hash: z.string().length(64),
        isDevelopment: z.boolean(),
        /** The interpreter, one of those that were offered; none for TypeScript. */
        python: z.string().max(4000).optional(),
      }),
    )
    .output(nothing),
  setEnabled: call.input(plugin.extend({ enabled: z.boolean() })).output(nothing),
  /** Looks at its files again, and checks what it adds if its content is allowed. */
  check: call.input(plugin).output(nothing),
  /** Takes it off the list; its folder stays where it is. */
  remove: call.input(plugin).output(nothing),
  /** The Pythons that it could run in. */
  environments: call.input(plugin).output(z.array(pythonEnvironmentSchema)),
  setEnvironment: call.input(plugin.extend({ python: z.string().min(1).max(4000) })).output(nothing),
  /** The files that differ from what was last allowed; all of them where nothing was. */
  changes: call.input(plugin).output(z.array(pluginChangeSchema)),
  /** Shows its folder, or one of its files, in the system's file browser. Opens no file: that could run it. */
  openFolder: call.input(plugin.extend({ file: z.string().min(1).max(500).optional() })).output(nothing),
  /** Whether the rows of a plugin in an experiment are computed again whenever it has been saved. */
  setLive: call.input(plugin.extend({ experiment: z.string().min(1).max(100), live: z.boolean() })).output(nothing),
};

const app = {
  info: call.input(nothing).output(appInfoSchema),
  settings: call.input(nothing).output(settingsSchema),
  change: call.input(settingsChangesSchema).output(settingsSchema),
  resetSettings: call.input(nothing).output(settingsSchema),
  /** What is kept of activations. */
  activationCache: call.input(nothing).output(activationCacheStateSchema),
  /** Removes what is kept of activations, but for what is being written. */
  clearActivationCache: call.input(nothing).output(activationCacheStateSchema),
  /** What a bug report needs, as text; nothing is sent. */
  diagnostics: call.input(nothing).output(z.object({ text: z.string() })),
  /** Shows a run's folder, the data folder or the program's own in the system's file browser. */
  openFolder: call.input(z.object({ what: z.union([run, z.enum(['data', 'runs', 'home', 'logs'])]) })).output(nothing),
  /** Asks the user for a folder; null if none was chosen. */
  chooseFolder: call.input(z.object({ title: z.string() })).output(z.object({ folder: z.string().nullable() })),
  /** Prints an HTML page that was made. Returns the PDF, under this name. */
  printPdf: call.input(made.extend({ name: z.string().min(1).max(200) })).output(madeFileSchema),
};

/**
 * What the application can do: implemented once in main/api, called by the renderer over a MessagePort or a WebSocket.
 */
export const contract = {
  runs,
  reports,
  drafts,
  experiments,
  trash,
  uploads,
  files,
  datasets,
  models,
  recorded,
  plugins,
  engines,
  app,
};
