import type { NetworkDescription } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describeNetwork } from './describe-network.ts';
import { readNetworkSpec } from './files.ts';
import type { NetworkSpec } from './network-outline.ts';

/** Returns the network in the folder of a classifier; null if there is no folder, or its `model.json` cannot be read. */
export function knownNetwork(folder: string | null): NetworkSpec | null {
  return folder === null ? null : orNull(() => readNetworkSpec(folder));
}

/** Returns the same network for people; null, too, if its parts do not fit one another. */
export function describedNetwork(folder: string | null): NetworkDescription | null {
  const spec = knownNetwork(folder);
  return spec && orNull(() => describeNetwork(spec));
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}
