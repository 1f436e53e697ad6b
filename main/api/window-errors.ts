import type { ErrorRecord } from '../../shared/errors.ts';
import { inLabels } from '../../shared/wording.ts';
import { parameterLabel } from '../runs/parameter-label.ts';

/** Returns an error worded for the window, with the labels of fields instead of flags. */
export function inWindow<E extends Pick<ErrorRecord, 'hint' | 'remedy'>>({ remedy, ...error }: E): Omit<E, 'remedy'> {
  if (remedy === undefined) return error;
  const { hint: _, ...rest } = error;
  const hint = inLabels(remedy, parameterLabel);
  return { ...rest, ...(hint === undefined ? {} : { hint }) } as Omit<E, 'remedy'>;
}
