import { CupbearerError } from '../../shared/errors.ts';
import type { NetworkOutline } from './network-outline.ts';

/** What a file says of an array, or the array itself. */
interface Shaped {
  readonly shape: readonly number[];
}

/** Shape of each array that a network's weights consist of, in PyTorch's layout, by PyTorch's names. */
export function weightShapes({ parameters, bufferArrays }: NetworkOutline): Map<string, number[]> {
  return new Map([
    ...[...parameters].map(
      ([path, { shape, toTorch }]) => [path, toTorch.map((axis) => shape[axis]!)] as [string, number[]],
    ),
    ...[...bufferArrays].map(([path, { shape }]) => [path, shape] as [string, number[]]),
  ]);
}

/** What PyTorch puts in front of names: DataParallel, torch.compile, and checkpoints of whole trainers. */
const wrappers = ['module.', '_orig_mod.', 'model.', 'net.', 'state_dict.'];

/** Counts that tools of PyTorch keep beside the weights: of batches, of averaged models, and of operations (thop). */
const counts = /(^|\.)(num_batches_tracked|n_averaged|total_ops|total_params)$/;

/**
 * Returns the weights of a network out of `state`, under the names that they have in the network itself: what wraps all of
 * them is taken off their names, and the counts that PyTorch's tools keep beside them are passed over. `source` names the
 * file in messages.
 * @throws CupbearerError `bad-data` if a name or shape does not fit, with the line of Python that mends it where one does.
 */
export function fittedWeights<T extends Shaped>(
  network: NetworkOutline,
  state: Readonly<Record<string, T>>,
  source: string,
): Record<string, T> {
  const expected = weightShapes(network);
  const entries = Object.entries(state).filter(([name]) => !counts.test(name));
  const found = unwrapped(Object.fromEntries(entries), expected);
  const missing = [...expected.keys()].filter((name) => !Object.hasOwn(found, name));
  const extra = Object.keys(found).filter((name) => !expected.has(name));
  if (missing.length > 0) throw missingWeight(missing, extra, found, expected, source);
  if (extra.length > 0) throw unexpectedWeight(extra, expected, entries, source);
  for (const [name, shape] of expected) {
    const saved = found[name]!;
    if (saved.shape.join() === shape.join()) continue;
    throw new CupbearerError(
      'bad-data',
      `${source}: the weight "${name}" has shape [${saved.shape.join(', ')}], expected [${shape.join(', ')}].`,
    );
  }
  return found;
}

/**
 * Takes wrappers off the names: those of all of them, else those that all weights of the network are in, and that no name of
 * its own begins with.
 */
function unwrapped<T>(state: Record<string, T>, expected: ReadonlyMap<string, unknown>): Record<string, T> {
  const names = Object.keys(state);
  const wrapper = commonWrapper(names, expected) ?? wrapperOfWeights(names, expected);
  if (wrapper === undefined) return state;
  const inside = names.map(
    (name) => [name.startsWith(wrapper) ? name.slice(wrapper.length) : name, state[name]!] as const,
  );
  return unwrapped(Object.fromEntries(inside), expected);
}

function commonWrapper(names: readonly string[], expected: ReadonlyMap<string, unknown>): string | undefined {
  if (names.length === 0 || names.some((name) => expected.has(name))) return undefined;
  return wrappers.find((begin) => names.every((name) => name.startsWith(begin)));
}

function wrapperOfWeights(names: readonly string[], expected: ReadonlyMap<string, unknown>): string | undefined {
  const known = new Set(names);
  const own = [...expected.keys()];
  if (own.some((name) => known.has(name))) return undefined;
  const [first] = own;
  const before = names.filter((name) => name.endsWith(`.${first!}`)).map((name) => name.slice(0, -first!.length));
  const isWrapper = (begin: string) => wrappers.some((wrapper) => begin.endsWith(wrapper));
  return before.find((begin) => isWrapper(begin) && own.every((name) => known.has(begin + name)));
}

function missingWeight<T extends Shaped>(
  missing: readonly string[],
  extra: readonly string[],
  found: Readonly<Record<string, T>>,
  expected: ReadonlyMap<string, readonly number[]>,
  source: string,
): CupbearerError {
  const [name] = missing;
  const others = extra.length === 0 ? '' : ` It has ${listed(extra)}, which this model does not.`;
  const renamed = renamesOf(missing, extra, found, expected);
  const hint = renamed && python(source, renamed, 'names.get(k, k): v for k, v in d.items()');
  return new CupbearerError(
    'bad-data',
    `${source}: the weight "${name!}" is missing.${others}`,
    hint === undefined ? {} : { hint: `If these are the same weights under other names, rename them: ${hint}` },
  );
}

function unexpectedWeight<T extends Shaped>(
  extra: readonly string[],
  expected: ReadonlyMap<string, unknown>,
  entries: readonly (readonly [string, T])[],
  source: string,
): CupbearerError {
  const [name] = extra;
  // As the file calls them: an array that is not wanted may have been taken out of a wrapper with the others.
  const inFile = (key: string) => entries.find(([full]) => full === key || full.endsWith(`.${key}`))?.[0] ?? key;
  const unwanted = extra.length > 10 ? undefined : JSON.stringify(extra.map(inFile));
  const kept = JSON.stringify([...expected.keys()].map(inFile));
  const condition = unwanted === undefined ? `k in ${kept}` : `k not in ${unwanted}`;
  return new CupbearerError(
    'bad-data',
    `${source}: unexpected weight "${name!}"; this model has ${[...expected.keys()].join(', ')}.`,
    {
      hint: `If the model works without ${extra.length === 1 ? 'it' : `these ${extra.length}`}, leave ${extra.length === 1 ? 'it' : 'them'} out: ${python(source, undefined, `k: v for k, v in d.items() if ${condition}`)}`,
    },
  );
}

/** A line of Python that writes a safetensors file again with what `items` makes of its arrays `d`. */
function python(source: string, names: Readonly<Record<string, string>> | undefined, items: string): string {
  const file = JSON.stringify(source);
  return [
    'from safetensors.torch import load_file, save_file',
    `d = load_file(${file})`,
    ...(names === undefined ? [] : [`names = ${JSON.stringify(names)}`]),
    `save_file({${items}}, ${file})`,
  ].join('; ');
}

/** "a.weight, b.weight and 3 more" */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}

/** What a weight is in its layer: its name's last part. */
const roleOf = (name: string) => name.slice(name.lastIndexOf('.') + 1);

const natural = new Intl.Collator('en', { numeric: true });

/**
 * Returns which missing name each extra one stands for, if the arrays of each role (weight, bias, running_mean), in the order
 * of their names, have the shapes of the missing ones in the order of the network.
 */
function renamesOf<T extends Shaped>(
  missing: readonly string[],
  extra: readonly string[],
  found: Readonly<Record<string, T>>,
  expected: ReadonlyMap<string, readonly number[]>,
): Record<string, string> | undefined {
  if (missing.length !== extra.length || missing.length > 200) return undefined;
  const theirs = Map.groupBy([...extra].sort(natural.compare), roleOf);
  const names: Record<string, string> = {};
  for (const [role, wanted] of Map.groupBy(missing, roleOf)) {
    const given = theirs.get(role) ?? [];
    const isAlike = wanted.every((name, k) => found[given[k] ?? '']?.shape.join() === expected.get(name)!.join());
    if (given.length !== wanted.length || !isAlike) return undefined;
    given.forEach((name, k) => (names[name] = wanted[k]!));
  }
  return names;
}
