import { z } from 'zod';
import { SettingsStore } from '../../../api/settings.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { parseByteSize } from '../../../../shared/byte-size.ts';
import { unknownName } from '../../../../shared/definition.ts';
import type { ActivationCacheState } from '../../../../shared/domain/settings.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatBytes } from '../../../../shared/format.ts';
import type { Command } from '../command.ts';
import { shownPath } from '../results.ts';
import { withLibrary } from '../with-library.ts';

const actions = ['show', 'clear', 'limit'];

export const cache: Command = {
  name: 'cache',
  summary: 'Activations that are kept for other runs: how much they take, and how much they may',
  synopsis: '[show | clear | limit SIZE]',
  notes:
    'SIZE is a size such as 5GB, off, or auto for what suits the disk. CUPBEARER_ACTIVATION_CACHE (off or a size) goes before it.',
  flags: z.object({}),
  maxWords: 2,
  async run([action = 'show', size], _, output) {
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    if ((action === 'limit') === (size === undefined)) {
      const expected = action === 'limit' ? 'needs a size: 5GB, off or auto' : 'takes no size';
      throw new CupbearerError('usage', `cache ${action} ${expected}.`);
    }
    if (size !== undefined) new SettingsStore().change({ activationCache: parseLimit(size) });
    const ask = action === 'limit' ? 'shrink' : action === 'clear' ? 'clear' : 'look';
    const options = { dataDir: defaultDataDir() };
    const state = await withLibrary((library) => library.ask('activation-cache', { action: ask }, options));
    output.result(state, () => stateText(state));
  },
};

function parseLimit(size: string): number | null {
  if (size === 'auto') return null;
  const bytes = size === 'off' ? 0 : parseByteSize(size);
  if (bytes !== undefined) return bytes;
  throw new CupbearerError('usage', `cache limit takes a size such as 5GB, off or auto, got "${size}".`);
}

const limitWords = {
  environment: 'set by CUPBEARER_ACTIVATION_CACHE',
  setting: 'as it was set',
  disk: 'as suits the disk',
};

function stateText({ folder, bytes, files, limit, limitBy }: ActivationCacheState): string {
  const most = limit === 0 ? 'off' : formatBytes(limit);
  return [
    `holds   ${formatBytes(bytes)} in ${counted(files, 'file')}`,
    `limit   ${most}, ${limitWords[limitBy]}`,
    `folder  ${shownPath(folder)}`,
  ].join('\n');
}
