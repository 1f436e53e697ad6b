import { CupbearerError } from '../../shared/errors.ts';

/** How names of classes are compared: neither the form of accents nor capitals count. */
const compared = (name: string) => name.normalize('NFC').toLowerCase();

/**
 * Returns the number that each class of data has among the `wanted` ones, which are as many; undefined if labels
 * mean the same as they are: the names have the same order, or nothing in common.
 * @throws CupbearerError `usage` if some of the names are shared and mean other numbers.
 */
export function classOrder(found: readonly string[], wanted: readonly string[], name: string): number[] | undefined {
  // Names that differ by capitals alone are compared as they are.
  const keysOf = (form: (text: string) => string) => [found.map(form), wanted.map(form)] as const;
  const isDistinct = (keys: readonly string[]) => new Set(keys).size === keys.length;
  const loose = keysOf(compared);
  const [ours, theirs] = loose.every(isDistinct) ? loose : keysOf((text) => text.normalize('NFC'));
  if (ours.join('\0') === theirs.join('\0')) return undefined;
  const places = new Map(theirs.map((key, k) => [key, k]));
  const order = ours.map((key) => places.get(key));
  const moved = order.findIndex((place, k) => place !== undefined && place !== k);
  if (moved === -1) return undefined;
  if (isDistinct(ours) && order.every((place) => place !== undefined)) return order;
  throw new CupbearerError(
    'usage',
    `The class "${found[moved]}" is number ${moved} in the data "${name}" and number ${order[moved]} in the model, and other classes have no counterpart: ${listed(found)} against ${listed(wanted)}.`,
    { hint: 'Take data with the classes of the model, by the same names.' },
  );
}

const named = 10;

function listed(classes: readonly string[]): string {
  return `${classes.slice(0, named).join(', ')}${classes.length > named ? ', …' : ''}`;
}
