import type { PluginLaunch } from './plugin-launch.ts';
import { PluginProcess, type PluginOptions } from './plugin-process.ts';
import { closeTriggerBridges } from './trigger-bridge.ts';

const started = new Map<string, Promise<PluginProcess>>();

/**
 * Returns the process in which a plugin does `work` for the run that this process is at: the same for everything that the run
 * asks of it. It ends with {@link endPluginProcesses}.
 */
export async function sharedProcess(
  { hash }: PluginLaunch['version'],
  work: string,
  launch: () => PluginLaunch | Promise<PluginLaunch>,
  options: PluginOptions,
): Promise<PluginProcess> {
  const key = `${hash} ${work}`;
  const known = await started.get(key)?.catch(() => undefined);
  if (known && !known.hasFailed) return known;
  const starting = (async () => PluginProcess.start(await launch(), options))();
  started.set(key, starting);
  return starting;
}

/** Ends all processes of plugins that this one has started. Called when a run is over, whatever came of it. */
export async function endPluginProcesses(): Promise<void> {
  await Promise.allSettled(started.values());
  started.clear();
  await closeTriggerBridges();
  await PluginProcess.closeAll();
}
