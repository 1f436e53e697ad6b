import { toJsonText } from './json-text.ts';
import type { z } from 'zod';
import {
  runFolderFormat,
  runRecordSchema,
  specFileSchema,
  type RunRecord,
  type SpecFile,
} from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { explainFaults } from '../../shared/schema/problems.ts';

/** What `run.json` holds for a record; the inverse of {@link parseRecord}. */
export function recordFileText(record: RunRecord): string {
  return toJsonText({ format: runFolderFormat, ...record });
}

/** @throws CupbearerError `bad-data` if `value`, read from `path`, is no run record or one of a newer version. */
export function parseRecord(value: unknown, path: string): RunRecord {
  return parseVersioned(runRecordSchema, value, path, runFolderFormat);
}

/** @throws CupbearerError `bad-data` if `value`, read from `path`, is no spec file or one of a newer version. */
export function parseSpecFile(value: unknown, path: string): SpecFile {
  return parseVersioned(specFileSchema, value, path, runFolderFormat);
}

/**
 * Parses a file that says its `format`, of which this program reads `known`.
 * @throws CupbearerError `bad-data` if `value`, read from `path`, does not fit or is of a newer version.
 */
export function parseVersioned<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: string,
  known: number,
): z.output<S> {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (typeof format === 'number' && format > known) {
    throw new CupbearerError(
      'bad-data',
      `"${path}" was written by a newer version (format ${format}; this program reads ${known}).`,
      {
        hint: 'Update Cupbearer to use this folder.',
        details: { found_format: format, known_format: known },
      },
    );
  }
  if (format !== known) {
    throw new CupbearerError('bad-data', `"${path}": expected "format": ${known}, found ${show(format)}.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = explainFaults(parsed.error.issues, value);
  throw new CupbearerError('bad-data', `"${path}" is not what it should be. ${faults}`);
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 40);
}
