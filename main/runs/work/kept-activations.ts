import { formatCount } from '../../../shared/format.ts';
import { ActivationStore } from '../../models/activation-store.ts';
import type { ActivationSource } from '../../models/activation-source.ts';
import type { RunContext } from '../run-definition.ts';

/** Returns where a run keeps what a model makes of data; undefined where it computes all of it, or nothing. */
export async function activationStore(
  source: ActivationSource,
  { activations, engine }: RunContext,
): Promise<ActivationStore | undefined> {
  return activations && ActivationStore.of(activations, source, engine);
}

/** Tells the log of a run what it did not compute itself. */
export function tellOfKept(context: RunContext): void {
  const { activations } = context;
  if (activations === undefined || activations.counts.found === 0) return;
  const { found, computed } = activations.counts;
  const rest = computed === 0 ? 'all of them' : `${formatCount(computed)} were computed`;
  context.log(`Activations taken from the cache: those of ${formatCount(found)} samples; ${rest}.`);
}
