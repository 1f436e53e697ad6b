import { toErrorRecord } from '../../../shared/errors.ts';
import { versionWords } from '../../../shared/plugin/recorded-version.ts';
import { arePluginsOff, storeTime } from '../../plugins/plugin-store.ts';
import { refreshPlugins } from '../../runs/plugins.ts';
import type { Output } from './output.ts';

/**
 * Makes what plugins add known to this command: what was saved in folders of one's own is taken, and what is new is asked what it adds. A
 * plugin that fails is named, and the command goes on without it.
 */
export async function readyPlugins(output: Output): Promise<void> {
  if (storeTime() === 0 || arePluginsOff()) return;
  const { learnAdditions, takeDevelopment, unsettledPlugins } = await import('../../plugins/manage.ts');
  for (const { id } of unsettledPlugins()) {
    try {
      await takeDevelopment(id);
      await learnAdditions(id);
    } catch (error) {
      const { message, hint } = toErrorRecord(error);
      output.note(`Plugin "${id}" is left out: ${message}${hint === undefined ? '' : ` ${hint}`}`);
    }
  }
  for (const { plugin, problem } of refreshPlugins())
    output.note(`Plugin ${versionWords(plugin)} is left out: ${problem}`);
}
