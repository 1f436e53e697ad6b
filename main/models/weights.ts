import { CupbearerError } from '../../shared/errors.ts';
import type { NetworkOutline } from './network-outline.ts';

/** Shape of each array that a network's weights consist of, in PyTorch's layout, by PyTorch's names. */
function weightShapes({ parameters, bufferArrays }: NetworkOutline): Map<string, number[]> {
  return new Map([
    ...[...parameters].map(
      ([path, { shape, toTorch }]) => [path, toTorch.map((axis) => shape[axis]!)] as [string, number[]],
    ),
    ...[...bufferArrays].map(([path, { shape }]) => [path, shape] as [string, number[]]),
  ]);
}

/** What PyTorch puts in front of names: DataParallel, torch.compile, and checkpoints of whole trainers. */
const wrappers = ['module.', '_orig_mod.', 'model.', 'state_dict.'];

/** Returns weights under the names that they have in the model itself, without the wrappers that all of them are in. */
export function unwrapped<T>(state: Readonly<Record<string, T>>): Record<string, T> {
  const names = Object.keys(state);
  const wrapper =
    names.length === 0 ? undefined : wrappers.find((begin) => names.every((name) => name.startsWith(begin)));
  if (wrapper === undefined) return { ...state };
  return unwrapped(Object.fromEntries(names.map((name) => [name.slice(wrapper.length), state[name]!])));
}

/**
 * Checks that weights are those of a network; PyTorch's count of batches is passed over. `source` names them in
 * messages.
 * @throws CupbearerError `bad-data` if a name or shape does not fit.
 */
export function checkWeights(
  network: NetworkOutline,
  state: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  source: string,
): void {
  const expected = weightShapes(network);
  for (const name of Object.keys(state)) {
    if (expected.has(name) || name.endsWith('.num_batches_tracked')) continue;
    throw new CupbearerError(
      'bad-data',
      `${source}: unexpected weight "${name}"; this model has ${[...network.parameters.keys()].join(', ')}.`,
    );
  }
  for (const [name, shape] of expected) {
    const saved = state[name];
    if (!saved) throw new CupbearerError('bad-data', `${source}: the weight "${name}" is missing.`);
    if (saved.shape.join() === shape.join()) continue;
    throw new CupbearerError(
      'bad-data',
      `${source}: the weight "${name}" has shape [${saved.shape.join(', ')}], expected [${shape.join(', ')}].`,
    );
  }
}
