import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { settingsSchema, type Settings } from '../../shared/domain/settings.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { cupbearerHome } from './home.ts';
import { toJsonText } from './json-text.ts';
import { writePrivateFile } from './private-files.ts';
import { readJsonFile } from './read-file.ts';

/** Where the settings are kept. */
export function settingsPath(home: string = cupbearerHome()): string {
  return join(home, 'settings.json');
}

/**
 * The stored settings. What is damaged, missing or out of range takes its default, and `notice` says so: a program that
 * does not start for its settings could not mend them.
 */
export function readSettings(path: string): { settings: Settings; notice?: string } {
  const defaults = settingsSchema.parse({});
  if (!existsSync(path)) return { settings: defaults };
  try {
    const stored = readJsonFile(path);
    const whole = settingsSchema.safeParse(stored);
    if (whole.success) return { settings: whole.data };
    if (typeof stored !== 'object' || stored === null) throw new CupbearerError('bad-data', 'not an object');
    const faulty = new Set(whole.error.issues.map(({ path: [key] }) => String(key)));
    const sound = Object.entries(stored).filter(([key]) => !faulty.has(key));
    return {
      settings: settingsSchema.parse(Object.fromEntries(sound)),
      notice: `Settings in "${path}" that are not valid have their defaults: ${[...faulty].join(', ')}.`,
    };
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { settings: defaults, notice: `The settings in "${path}" cannot be read; the defaults hold.` };
  }
}

/** @throws CupbearerError `storage` if they cannot be written; the earlier ones are then as they were. */
export function writeSettings(path: string, settings: Settings): void {
  writePrivateFile(path, toJsonText(settings));
}
