import type { RandomStream } from '../../../main/tensor/random.ts';
import type { Material } from './material.ts';
import { textOf } from './parser.ts';

/** Stands for values that are deeper than `JSON.stringify` can write. */
const deepMark = '\u0001deep\u0001';

const strings = [
  '', ' ', 'x', 'x'.repeat(5000), '__proto__', 'constructor', 'toString', 'name', '../../etc', '/', '\0', '\ud800', '\u202e', '=1+1',
  '<script>alert(1)</script>', '$(touch x)', "'; x; '", '2026-01-01T00:00:00.000Z', '9999-99-99', 'NaN', '1e999', 'null', '🦖', '\n',
]; // prettier-ignore

const numbers = [
  0, -0, 1, -1, 2, 1.5, 1e-320, 1e300, -1e300, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1_000_000,
]; // prettier-ignore

/** A text with more values than this is made no larger. */
const manyValues = 1000;

/** Values further in than so many others are left as they are. */
const manyPlaces = 5000;

/** A value in a JSON text, by the object or list that it stands in. */
interface Place {
  holder: Record<string, unknown> | unknown[];
  key: string | number;
}

/** Returns a JSON text with one to three of its values changed; texts that are no JSON as they are. */
export function mutatedJson(text: string, { seeds, dictionary }: Material, random: RandomStream): string {
  // In a list of one, so that the whole can be changed as its parts can.
  const root = [parsed(text)];
  if (root[0] === undefined) return text;
  const values = [...numbers, ...strings, ...dictionary];
  const edge = (): unknown => {
    switch (random.integer(6)) {
      case 0:
        return [null, true, false, [], {}, [[]], { name: 'x' }][random.integer(7)];
      case 1:
        return deepMark;
      case 2: {
        const other = places([parsed(textOf(seeds[random.integer(seeds.length)]!))]);
        return valueAt(other[random.integer(other.length)]!);
      }
      default:
        return values[random.integer(values.length)];
    }
  };
  const count = 1 + random.integer(3);
  for (let k = 0; k < count; k++) {
    const all = places(root);
    if (all.length === 0) break;
    const at = all[random.integer(all.length)]!;
    const value = valueAt(at);
    if (Array.isArray(value) && all.length < manyValues && random.integer(4) === 0)
      put(
        at,
        Array.from({ length: random.integer(manyValues) }, () => value[0] as unknown),
      );
    else change(at, edge, random);
  }
  const written = writtenOr(root[0], text);
  const mark = JSON.stringify(deepMark);
  const deep = deepValue(written.split(mark).length - 1, random);
  return written.replaceAll(mark, () => deep);
}

/** Lists or objects within one another; not so deep where the value stands at many places. */
function deepValue(count: number, random: RandomStream): string {
  const most = random.integer(2) === 0 ? 50 : 20_000;
  const depth = 1 + Math.floor(random.integer(most) / Math.max(1, count));
  return random.integer(2) === 0
    ? '['.repeat(depth) + ']'.repeat(depth)
    : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
}

/** A value as JSON; `otherwise` where it is too deep to be written, as some that are read are. */
function writtenOr(value: unknown, otherwise: string): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return otherwise;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** All places in a value, outermost first, {@link manyPlaces} at most; no deeper than the value is, however deep. */
function places(root: unknown[]): Place[] {
  const found: Place[] = [];
  const holders: Place['holder'][] = [root];
  for (let holder = holders.shift(); holder && found.length < manyPlaces; holder = holders.shift()) {
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      const value = valueAt({ holder, key });
      found.push({ holder, key });
      if (typeof value === 'object' && value !== null) holders.push(value as Place['holder']);
    }
  }
  return found;
}

function valueAt({ holder, key }: Place): unknown {
  return (holder as Record<string | number, unknown>)[key];
}

function put({ holder, key }: Place, value: unknown): void {
  // Plain assignment would change the prototype rather than add a key.
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A key of an object, made of any value. */
function keyOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 100) : 'key';
}

function change(at: Place, edge: () => unknown, random: RandomStream): void {
  const value = valueAt(at);
  switch (random.integer(7)) {
    case 0:
      if (Array.isArray(at.holder)) at.holder.splice(Number(at.key), 1);
      else delete at.holder[at.key];
      return;
    case 1:
      return put(at, [value]);
    case 2:
      return put(at, { [keyOf(edge())]: value });
    case 3:
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return put({ holder: value as Record<string, unknown>, key: keyOf(edge()) }, edge());
      return put(at, edge());
    default:
      return put(at, edge());
  }
}
