import { z } from 'zod';

export const themes = ['system', 'light', 'dark'] as const;

/** What a user can set; kept in the program's own folder. */
export const settingsSchema = z.object({
  theme: z.enum(themes).default('system'),
  /** Runs that may go on at once. */
  parallelJobs: z.int().min(1).max(16).default(1),
  /** Where datasets are; null for the usual place. */
  dataDir: z.string().min(1).nullable().default(null),
  /** Where new runs go; null for the usual place. */
  runsDir: z.string().min(1).nullable().default(null),
  /** `auto` or an engine's id. */
  engine: z.string().default('auto'),
  /** Tells the desktop when a run ends. */
  notifications: z.boolean().default(true),
  /** Asks now and then whether there is a newer version. */
  checkForUpdates: z.boolean().default(true),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The program and where it keeps things. */
export const appInfoSchema = z.object({
  version: z.string(),
  versions: z.record(z.string(), z.string()),
  host: z.enum(['electron', 'web']),
  platform: z.string(),
  home: z.string(),
  dataDir: z.string(),
  runsDir: z.string(),
  catalogue: z.object({ path: z.string(), runs: z.number(), bytes: z.number(), quickCheck: z.string() }),
  /** What this host can do beyond the contract's common part. */
  can: z.object({ openFolder: z.boolean(), chooseFolder: z.boolean(), printPdf: z.boolean(), update: z.boolean() }),
  /** What a person should know: a catalogue that was rebuilt, a folder that cannot be written to. */
  notices: z.array(z.string()),
});
export type AppInfo = z.infer<typeof appInfoSchema>;
