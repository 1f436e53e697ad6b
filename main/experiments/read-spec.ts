import { parseDocument } from 'yaml';
import { experimentFormat, experimentSpecSchema, type ExperimentSpec } from '../../shared/domain/experiment.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { isTooDeep } from '../../shared/schema/outside.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import { readTextFile } from '../storage/read-file.ts';
import type { Place } from '../storage/within-folder.ts';
import { pathOf } from '../storage/within-folder.ts';

/** Nobody writes more by hand; a thousand tasks with all their parameters take a tenth. */
const mostBytes = 4 * 2 ** 20;

/** Times that a name of a part (YAML's anchors) may be used: each use is a copy of the part. */
const mostAliases = 100;

/** Reads an experiment from a file of YAML or JSON. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readExperimentFile(place: Place): ExperimentSpec {
  return parseExperiment(readTextFile(place, mostBytes), `"${pathOf(place)}"`);
}

/**
 * Parses an experiment from YAML, of which JSON is a part. `source` names the text at the beginning of a sentence.
 * @throws CupbearerError `bad-data` with the line where it is no YAML, with a sentence per fault where it is no experiment.
 */
export function parseExperiment(text: string, source: string): ExperimentSpec {
  return checkedExperiment(yamlValue(text, source), source);
}

/** A value from outside as an experiment. @throws CupbearerError `bad-data`. */
function checkedExperiment(value: unknown, source: string): ExperimentSpec {
  const format = (value as { format?: unknown } | null | undefined)?.format;
  if (typeof format === 'number' && format > experimentFormat) {
    throw new CupbearerError(
      'bad-data',
      `${source} was written for a newer version (format ${format}; this program reads ${experimentFormat}).`,
      { hint: 'Update Cupbearer to use it.' },
    );
  }
  const parsed = experimentSpecSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CupbearerError('bad-data', `${source} is no experiment. ${explainFaults(parsed.error.issues, value)}`);
}

function yamlValue(text: string, source: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true, stringKeys: true });
  const [fault] = document.errors;
  if (fault) {
    const [what = ''] = fault.message.split('\n');
    throw new CupbearerError('bad-data', `${source}: expected YAML or JSON, found a fault: ${what.replace(/:$/, '.')}`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError('bad-data', `${source}: expected YAML or JSON, found a fault: ${why}`, { cause: error });
  }
  if (isTooDeep(value)) throw new CupbearerError('bad-data', `${source} is nested too deeply.`);
  return value;
}
