import type { NetworkDescription } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { preprocessingWords } from './preprocessing.ts';
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

/** Returns what is done to inputs before that model sees them, in words; none if nothing is, or the model cannot be read. */
export function knownPreprocessing(folder: string | null): string[] {
  const { network, graph } = descriptionIn(folder) ?? {};
  if (network) return preprocessingWords(network);
  if (!graph?.preprocessing) return [];
  const { resize, resize_to: side, channel_order: order, value_range: range, mean, std } = graph.preprocessing;
  const rule = resize === 'crop' ? { rule: 'crop' as const, side: side ?? Math.min(...graph.input_shape.slice(0, 2)) } : undefined; // prettier-ignore
  const isNormalised = mean.some((value) => value !== 0) || std.some((value) => value !== 1);
  return preprocessingWords({
    inputShape: graph.input_shape,
    preprocessing: given({
      resize: rule,
      channelOrder: order === 'bgr' ? ('BGR' as const) : undefined,
      valueRange: range[0] === 0 && range[1] === 1 ? undefined : range,
    }),
    ...(isNormalised ? { normalisation: { mean, std } } : {}),
  });
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
