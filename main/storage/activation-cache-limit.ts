import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ActivationCacheState } from '../../shared/domain/settings.ts';
import { parseByteSize } from '../../shared/byte-size.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { cacheHoldings } from './activation-cache.ts';

/** A cache that follows the disk takes this share of what would be free without it, and no more than so many bytes. */
const shareOfDisk = 0.1;
const mostOfDisk = 20e9;

/** How large the activation cache may get, and who says so; 0 bytes: it is off. */
export interface CacheLimit {
  bytes: number;
  by: ActivationCacheState['limitBy'];
}

const variable = 'CUPBEARER_ACTIVATION_CACHE';

/**
 * Returns how large the cache in `folder` may get: what the environment asks for, else the setting, else what suits the disk.
 * @throws CupbearerError `usage` if the environment asks for what is no size.
 */
export function activationCacheLimit(
  folder: string,
  setting: number | null,
  asked: string | undefined = process.env[variable],
): CacheLimit {
  if (asked !== undefined && asked !== '') {
    const bytes = asked === 'off' ? 0 : parseByteSize(asked);
    if (bytes !== undefined) return { bytes, by: 'environment' };
    throw new CupbearerError('usage', `${variable} takes off or a size such as 5GB, got "${asked}".`);
  }
  if (setting !== null) return { bytes: setting, by: 'setting' };
  return {
    bytes: Math.min(mostOfDisk, Math.floor(shareOfDisk * (freeBytes(folder) + cacheHoldings(folder).bytes))),
    by: 'disk',
  };
}

/** What is free on the disk that holds a folder, which need not be there yet. */
function freeBytes(folder: string): number {
  if (!existsSync(folder) && dirname(folder) !== folder) return freeBytes(dirname(folder));
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // Nothing is kept if the free space is unknown.
    return 0;
  }
}
