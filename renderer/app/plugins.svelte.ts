import type { LiveRow, PluginSummary } from '../../shared/domain/plugin.ts';
import { client } from './client.ts';
import { keepFollowing } from './keep-following.ts';

/** The plugins, kept up to date by `plugins.watch`; starts again when the stream ends. */
class Plugins {
  /** Replaced as a whole by every change. */
  list = $state.raw<readonly PluginSummary[]>([]);
  liveRows = $state.raw<readonly LiveRow[]>([]);
  /** Whether plugins run here at all. */
  isAllowed = $state(true);
  loaded = $state(false);
  /** The hashes of those that are in use: changes when what can be chosen does. */
  readonly inUse = $derived(
    this.list
      .filter(({ state }) => state === 'ready')
      .map(({ id, allowed }) => `${id} ${allowed?.hash}`)
      .join(),
  );

  /** Follows them until the signal says to stop. */
  watch(signal: AbortSignal): Promise<void> {
    return keepFollowing(signal, async () => {
      const stream = await client.plugins.watch({}, { signal });
      for await (const { isAllowed, plugins, liveRows } of stream) {
        this.isAllowed = isAllowed;
        this.list = plugins;
        this.liveRows = liveRows;
        this.loaded = true;
      }
    });
  }

  find(id: string): PluginSummary | undefined {
    return this.list.find((plugin) => plugin.id === id);
  }
}

export const plugins = new Plugins();
