import { describe, type Field } from '../../shared/schema/describe.ts';
import { trainClassifierParams } from './classifier-spec.ts';
import { trainDetectorParams } from './detector-params.ts';

/** What may be asked for beside a spec. */
const besides: Readonly<Record<string, string>> = { engine: 'Engine', resume: 'Resume' };

/**
 * Returns the label of a parameter, whatever is picked on the way to it: for `['detector', 'step_size']` the label in
 * any detector that has that parameter. If no definition has it, returns the last key as words.
 */
export function parameterLabel(path: readonly string[]): string {
  const last = path.at(-1) ?? '';
  if (path.length === 1 && besides[last] !== undefined) return besides[last];
  let fields: readonly Field[] = [...describe(trainDetectorParams), ...describe(trainClassifierParams)];
  let found: Field | undefined;
  for (const key of path) {
    const named = fields.filter((field) => field.key === key);
    found = named[0];
    fields = named.flatMap(fieldsBelow);
  }
  return found?.label ?? last.replaceAll('_', ' ');
}

const fieldsBelow = ({ fields, registry }: Field): readonly Field[] =>
  fields ?? registry?.definitions.flatMap(({ params }) => describe(params)) ?? [];
