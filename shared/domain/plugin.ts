import { z } from 'zod';
import { definitionId, pluginKinds } from '../plugin/manifest.ts';
import { naming } from '../schema/places.ts';

/**
 * What state a plugin is in. `ask`: this content was never allowed; `error`: it is allowed and does not load; `checking`: being
 * looked at; `ready`: its definitions can be used; `off`: switched off; `gone`: its folder is.
 */
const pluginStates = ['ask', 'error', 'checking', 'ready', 'off', 'gone'] as const;
export type PluginState = (typeof pluginStates)[number];

/** A check of the conformance suite, and what came of it. */
export const pluginCheckSchema = z.object({
  name: z.string(),
  /** The definition that it is of. */
  definition: z.string(),
  passed: z.boolean(),
  /** Why it fails. */
  reason: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional(),
});
export type PluginCheck = z.infer<typeof pluginCheckSchema>;

/** An error with the lines around it. */
export const pluginErrorSchema = z.object({
  message: z.string(),
  /** What mends it: a command to copy. */
  hint: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional(),
  /** Some lines around that one. */
  lines: z.array(z.object({ number: z.int(), text: z.string() })).optional(),
});
export type PluginError = z.infer<typeof pluginErrorSchema>;

/** A Python that plugins can run in. */
export const pythonEnvironmentSchema = z.object({
  /** Path of its interpreter. */
  python: z.string(),
  /** ".venv of the plugin", "conda: probes", "uv: torch", "system". */
  title: z.string(),
  version: z.string(),
  /** Version of numpy; none if it lacks it. */
  numpy: z.string().optional(),
  /** Packages that the plugin's manifest names and this one lacks. */
  missing: z.array(z.string()),
  /** Why it cannot be used, and what mends that. */
  problem: z.string().optional(),
});
export type PythonEnvironment = z.infer<typeof pythonEnvironmentSchema>;

/** A plugin as lists and the consent show it. */
const pluginSummarySchema = z.object({
  id: z.string(),
  title: z.string(),
  version: z.string(),
  language: z.enum(['typescript', 'python']),
  /** Where its files are. */
  folder: z.string(),
  author: z.string().optional(),
  state: z.enum(pluginStates),
  /** SHA-256 (hex) over the files as they are now. */
  hash: z.string(),
  files: z.int(),
  bytes: z.int(),
  /** Commit of the Git repository that the folder is the root of. */
  commit: z.string().optional(),
  adds: z.array(z.object({ kind: z.enum(pluginKinds), id: z.string(), summary: z.string().optional() })),
  isDevelopment: z.boolean(),
  isEnabled: z.boolean(),
  /** The last content that was allowed, when, and how many files differ from it now. */
  allowed: z.object({ hash: z.string(), version: z.string(), at: z.string(), changedFiles: z.int() }).optional(),
  /** The Python that it runs in; none for TypeScript, or while none is chosen. */
  environment: pythonEnvironmentSchema.optional(),
  error: pluginErrorSchema.optional(),
  checkedAt: z.string().optional(),
  checks: z.array(pluginCheckSchema).optional(),
  /** Seconds that the checks took. */
  checkSeconds: z.number().optional(),
  /** Runs that wait for it. */
  waitingRuns: z.int(),
});
export type PluginSummary = z.infer<typeof pluginSummarySchema>;

/** A file of a plugin that differs from the content that was last allowed. */
export const pluginChangeSchema = z.object({
  path: z.string(),
  what: z.enum(['added', 'removed', 'changed']),
  /** Its text then and now; null where it was not there, is no text, or is too long to show. */
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type PluginChange = z.infer<typeof pluginChangeSchema>;

/** A row of an experiment that is computed again whenever a plugin in development has been saved. */
export const liveRowSchema = z.object({
  plugin: z.string(),
  experiment: z.string(),
  /** The experiment's name. */
  name: z.string(),
});
export type LiveRow = z.infer<typeof liveRowSchema>;

/** All that the window knows of plugins. */
export const pluginsStateSchema = z.object({
  /** Whether plugins run at all: in a browser only where the program was started so. */
  isAllowed: z.boolean(),
  plugins: z.array(pluginSummarySchema),
  liveRows: z.array(liveRowSchema),
});
export type PluginsState = z.infer<typeof pluginsStateSchema>;

/** What a new plugin begins with. */
export const newPluginSchema = z.object({
  kind: z.enum(pluginKinds),
  id: definitionId,
  language: z.enum(['typescript', 'python']),
  /** The folder in which its own is made. */
  folder: naming('path', z.string().min(1).max(4000)),
});
export type NewPlugin = z.infer<typeof newPluginSchema>;

/** Where a plugin comes from. */
export const pluginSourceSchema = z.discriminatedUnion('from', [
  z.object({ from: z.literal('folder'), folder: naming('path', z.string().min(1).max(4000)) }),
  /** A zip that was uploaded. */
  z.object({ from: z.literal('upload'), upload: z.string().min(1).max(100) }),
  z.object({ from: z.literal('git'), url: z.string().min(1).max(2000) }),
]);
export type PluginSource = z.infer<typeof pluginSourceSchema>;
