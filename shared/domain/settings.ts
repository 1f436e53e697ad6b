import { z } from 'zod';
import { naming } from '../schema/places.ts';

export const themes = ['system', 'light', 'dark'] as const;

/** Most characters in the name of a view. */
export const mostViewNameCharacters = 80;

const fields = {
  theme: z.enum(themes),
  /** Most runs at once. */
  parallelJobs: z.int().min(1).max(16),
  /** The folder of datasets; null for the usual place. */
  dataDir: naming('path', z.string().min(1)).nullable(),
  /** The folder for new runs; null for the usual place. */
  runsDir: naming('path', z.string().min(1)).nullable(),
  /** `auto` or an engine's id. */
  engine: z.string(),
  /** Most bytes of activations that are kept for other runs; 0 for none, null for what suits the disk. */
  activationCache: z.int().min(0).nullable(),
  /** Whether to show a desktop notification when a run ends. */
  notifications: z.boolean(),
  /** Asks now and then whether there is a newer version. */
  checkForUpdates: z.boolean(),
  /** Views of the list of runs that the user wants again, by name: what stands behind `#/runs` in the address. */
  runViews: z
    .array(z.object({ name: z.string().trim().min(1).max(mostViewNameCharacters), address: z.string().max(4000) }))
    .max(200),
  /** Columns of the list of runs with their widths, as its address has them; null for those that are there at first. */
  runColumns: z.string().max(8000).nullable(),
  /** What earlier versions kept in the place of views and columns; the window moves them there. */
  savedFilters: z.array(z.string().min(1).max(2000)).max(200),
  hiddenColumns: z.array(z.string().max(60)).max(60).nullable(),
};

/** What a user can set; kept in the program's own folder. */
export const settingsSchema = z.object({
  theme: fields.theme.default('system'),
  parallelJobs: fields.parallelJobs.default(1),
  dataDir: fields.dataDir.default(null),
  runsDir: fields.runsDir.default(null),
  engine: fields.engine.default('auto'),
  activationCache: fields.activationCache.default(null),
  notifications: fields.notifications.default(true),
  checkForUpdates: fields.checkForUpdates.default(true),
  runViews: fields.runViews.default([]),
  runColumns: fields.runColumns.default(null),
  savedFilters: fields.savedFilters.default([]),
  hiddenColumns: fields.hiddenColumns.default(null),
  /** The folder below which pages in a browser may name places; null for the usual one. No page can change it. */
  root: z.string().min(1).nullable().default(null),
});
export type Settings = z.infer<typeof settingsSchema>;
export type RunView = Settings['runViews'][number];

/** Some of the settings. Missing ones stay missing, because defaults would change settings that were not mentioned. */
export const settingsChangesSchema = z.object(fields).partial();
export type SettingsChanges = z.infer<typeof settingsChangesSchema>;

/** What the activation cache holds, and how large it may get; a limit of 0 turns it off. */
export const activationCacheStateSchema = z.object({
  folder: z.string(),
  bytes: z.number(),
  files: z.number(),
  limit: z.number(),
  limitBy: z.enum(['environment', 'setting', 'disk']),
});
export type ActivationCacheState = z.infer<typeof activationCacheStateSchema>;

/** The program and where it stores things. */
export const appInfoSchema = z.object({
  version: z.string(),
  versions: z.record(z.string(), z.string()),
  host: z.enum(['electron', 'web']),
  platform: z.string(),
  home: z.string(),
  dataDir: z.string(),
  runsDir: z.string(),
  catalogue: z.object({ path: z.string(), runs: z.number(), bytes: z.number() }),
  /** What this host can do beyond the contract's common part. */
  can: z.object({ openFolder: z.boolean(), chooseFolder: z.boolean(), printPdf: z.boolean(), update: z.boolean() }),
  /** What a person should know: a catalogue that was rebuilt, a folder that cannot be written to. */
  notices: z.array(z.string()),
});
export type AppInfo = z.infer<typeof appInfoSchema>;
