import type { KeptActivations } from '../models/activation-store.ts';
import { ActivationCache, activationsFolder } from '../storage/activation-cache.ts';
import { activationCacheLimit } from '../storage/activation-cache-limit.ts';
import { readSettings, settingsPath } from '../storage/settings-file.ts';

/**
 * Opens the activation cache for a run, as large as environment and settings allow; undefined if they turn it off. `tell` hears
 * why something is not kept, or computed again. @throws CupbearerError `usage` as {@link activationCacheLimit}.
 */
export async function openActivations(tell: (message: string) => void): Promise<KeptActivations | undefined> {
  const folder = activationsFolder();
  const limit = activationCacheLimit(folder, readSettings(settingsPath()).settings.activationCache);
  if (limit.bytes === 0) return undefined;
  return { cache: await ActivationCache.open({ folder, limit: limit.bytes, tell }), counts: { found: 0, computed: 0 } };
}
