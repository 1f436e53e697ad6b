import type { ActivationCacheState } from '../../shared/domain/settings.ts';
import { currentCacheLimit } from '../runs/open-activations.ts';
import { activationsFolder, cacheHoldings, clearCache, shrinkCache } from '../storage/activation-cache.ts';
import type { InspectionContext } from './inspection.ts';

/**
 * Returns what the activation cache holds, once all of it is removed (`clear`), or what is beyond its limit (`shrink`).
 * @throws CupbearerError `usage` if the environment asks for what is no limit.
 */
export async function activationCacheState(
  { action }: { action: 'look' | 'clear' | 'shrink' },
  _: Pick<InspectionContext, 'dataDir'>,
): Promise<ActivationCacheState> {
  const folder = activationsFolder();
  if (action === 'clear') await clearCache(folder);
  const { bytes: limit, by } = currentCacheLimit(folder);
  if (action === 'shrink') shrinkCache(folder, limit);
  return { folder, ...cacheHoldings(folder), limit, limitBy: by };
}
