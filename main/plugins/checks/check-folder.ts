import type { PluginCheck, PluginError } from '../../../shared/domain/plugin.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { discard } from '../../storage/atomic-write.ts';
import { createScratchFolder } from '../../storage/private-files.ts';
import { readContent } from '../content.ts';
import type { PluginLaunch } from '../plugin-launch.ts';
import { shownError } from '../plugin-outcomes.ts';
import { pythonFor } from '../python-for.ts';
import { contentFolder, keepSnapshot } from '../snapshot.ts';
import { describePlugin } from '../describe-plugin.ts';
import { checkDefinitions } from './check-definitions.ts';
import type { CheckOptions } from './trial.ts';

/** What came of trying a plugin. */
interface Outcome {
  /** Why it does not load; none where it does. */
  error?: PluginError;
  checks: readonly PluginCheck[];
}

/**
 * Tries the plugin in a folder, whether it was added or not, from a copy of its files. @throws CupbearerError `cancelled`, and what is not about the plugin.
 */
export async function checkFolder(
  folder: string,
  { python, ...options }: CheckOptions & { python?: string | undefined },
): Promise<Outcome> {
  const home = createScratchFolder('check-plugin');
  try {
    const content = readContent(folder);
    keepSnapshot(content, home);
    const launch: PluginLaunch = {
      version: { id: content.manifest.id, version: content.manifest.version, hash: content.hash },
      manifest: content.manifest,
      folder,
      content: contentFolder(content.hash, home),
      python:
        content.manifest.language === 'python' ? (python ?? (await pythonFor(folder, content.manifest))) : undefined,
    };
    const definitions = await describePlugin(launch, { home, ...given({ signal: options.signal }) });
    return { checks: await checkDefinitions(launch, definitions, options) };
  } catch (error) {
    if (!(error instanceof CupbearerError) || options.signal?.aborted) throw error;
    return { error: shownError(error, folder), checks: [] };
  } finally {
    discard(home);
  }
}
