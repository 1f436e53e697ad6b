import { CupbearerError } from '../../shared/errors.ts';
import { foldCase, foldNumber } from './name-forms.ts';

/** How names of classes are compared, loosest first: neither the form of numbers, nor capitals, nor that of accents count. */
const forms = [foldNumber, foldCase, (name: string) => name.normalize('NFC')];

/** What the classes of data are among those of a model. */
interface ClassMatch {
  /** The number that each class of the data has in the model; undefined where labels mean the same as they are. */
  order: number[] | undefined;
  /** Classes of the data without a counterpart by name, which are taken by their places. */
  unmatched: string[];
}

/**
 * Matches classes of data with the `wanted` ones, which are as many, by name; those that have nothing to do with each other by place.
 * @throws CupbearerError `usage` where some of the names are shared, and stand for other numbers.
 */
function matchClasses(found: readonly string[], wanted: readonly string[], data: string): ClassMatch {
  const isDistinct = (keys: readonly string[]) => new Set(keys).size === keys.length;
  const keys = forms.map((form) => [found.map(form), wanted.map(form)] as const);
  // Names that differ by their form alone are compared more strictly.
  const [ours, theirs] = keys.find((both) => both.every(isDistinct)) ?? keys.at(-1);
  if (ours.join('\0') === theirs.join('\0')) return { order: undefined, unmatched: [] };
  const places = new Map(theirs.map((key, k) => [key, k]));
  const order = ours.map((key) => places.get(key));
  const unmatched = found.filter((_, k) => order[k] === undefined);
  const moved = order.findIndex((place, k) => place !== undefined && place !== k);
  if (moved === -1) return { order: undefined, unmatched };
  if (isDistinct(ours) && order.every((place) => place !== undefined)) return { order, unmatched };
  throw new CupbearerError(
    'usage',
    `The class "${found[moved]}" is number ${moved} in ${data} and number ${order[moved]} in the model, and other classes have no counterpart: ${listed(found)} against ${listed(wanted)}.`,
    { hint: 'Take data with the classes of the model, by the same names.' },
  );
}

/**
 * Returns the number that each class of data has among the `wanted` ones, which are as many; undefined if labels
 * mean the same as they are: the names have the same order, or nothing in common.
 * @throws CupbearerError `usage` if some of the names are shared and mean other numbers.
 */
export function classOrder(found: readonly string[], wanted: readonly string[], name: string): number[] | undefined {
  return matchClasses(found, wanted, `the data "${name}"`).order;
}

/**
 * Returns how classes of data and of a model differ where some are not matched by name; undefined where all are.
 * @throws CupbearerError `usage` as {@link classOrder}.
 */
export function otherNames(found: readonly string[], wanted: readonly string[], name?: string): string | undefined {
  const data = name === undefined ? 'the data' : `the data "${name}"`;
  const { unmatched } = matchClasses(found, wanted, data);
  if (unmatched.length === 0) return undefined;
  return `The classes of ${data} are named otherwise than those of the model (${listed(found)} against ${listed(wanted)})`;
}

/**
 * Returns the sentence on classes of data that are not matched by name with the `wanted` ones of a model; undefined where all are.
 * @throws CupbearerError `usage` as {@link classOrder}.
 */
export function placesNote(found: readonly string[], wanted: readonly string[], name?: string): string | undefined {
  const words = otherNames(found, wanted, name);
  return words === undefined ? undefined : `${words}; they are taken by their places.`;
}

const named = 10;

function listed(classes: readonly string[]): string {
  return `${classes.slice(0, named).join(', ')}${classes.length > named ? ', …' : ''}`;
}
