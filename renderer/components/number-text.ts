import { formatParameter } from '../../shared/format.ts';

/**
 * Parses a number. Returns the text itself if it is not one; undefined if it is empty. A comma may be the decimal
 * point.
 */
export function numberFromText(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed.replace(/^([^.,]*),([^.,]*)$/, '$1.$2'));
  return Number.isFinite(number) ? number : text;
}

/** A value as the field shows it. */
export function textOfNumber(value: unknown): string {
  if (typeof value === 'number') return formatParameter(value);
  return typeof value === 'string' ? value : '';
}
