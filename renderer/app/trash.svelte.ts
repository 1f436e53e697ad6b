import type { TrashItem } from '../../shared/domain/trash.ts';
import { client } from './client.ts';
import { keepFollowing } from './keep-following.ts';

/** What is in the trash, deleted last first, kept up to date by `trash.watch`; starts again when the stream ends. */
class Trash {
  /** Replaced as a whole by every change. */
  items = $state.raw<readonly TrashItem[]>([]);
  loaded = $state(false);
  /** Bytes of all whose bytes are counted. */
  readonly bytes = $derived(this.items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));

  /** Follows the trash until the signal says to stop. */
  watch(signal: AbortSignal): Promise<void> {
    return keepFollowing(signal, async () => {
      const stream = await client.trash.watch({}, { signal });
      for await (const { items } of stream) {
        this.items = items;
        this.loaded = true;
      }
    });
  }
}

export const trash = new Trash();
