import type { KeptActivations } from '../models/activation-store.ts';
import { ActivationCache, activationsFolder } from '../storage/activation-cache.ts';
import { activationCacheLimit, type CacheLimit } from '../storage/activation-cache-limit.ts';
import { readSettings, settingsPath } from '../storage/settings-file.ts';

/** Returns how large the cache in `folder` may get by the settings as they are now. @throws CupbearerError as {@link activationCacheLimit}. */
export function currentCacheLimit(folder: string): CacheLimit {
  return activationCacheLimit(folder, readSettings(settingsPath()).settings.activationCache);
}

/**
 * Opens the activation cache for a run, as large as environment and settings allow; undefined if they turn it off. `tell` hears
 * why something is not kept, or computed again. @throws CupbearerError `usage` as {@link activationCacheLimit}.
 */
export async function openActivations(tell: (message: string) => void): Promise<KeptActivations | undefined> {
  const folder = activationsFolder();
  const { bytes: limit } = currentCacheLimit(folder);
  if (limit === 0) return undefined;
  return { cache: await ActivationCache.open({ folder, limit, tell }), counts: { found: 0, computed: 0 } };
}
