import type { NetworkDescription } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describeModel } from './describe-network.ts';
import { factsOf, readModelDescription, type ModelDescription, type ModelFacts } from './model-in.ts';

/** Returns inputs and classes of the model in the folder of a classifier; null if there is no folder, or its `model.json` cannot be read. */
export function knownModel(folder: string | null): ModelFacts | null {
  const description = descriptionIn(folder);
  return description && factsOf(description);
}

/** Returns the same model for people; null, too, if its parts do not fit one another. */
export function describedNetwork(folder: string | null): NetworkDescription | null {
  const description = descriptionIn(folder);
  return description && orNull(() => describeModel(description));
}

function descriptionIn(folder: string | null): ModelDescription | null {
  return folder === null ? null : orNull(() => readModelDescription(folder));
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}
