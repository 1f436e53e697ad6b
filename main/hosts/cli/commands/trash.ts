import { z } from 'zod';
import { unknownName } from '../../../../shared/definition.ts';
import { trashDays, trashEnd, type TrashItem } from '../../../../shared/domain/trash.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatBytes, formatRelativeTime } from '../../../../shared/format.ts';
import { flag, parseParams } from '../../../../shared/schema/fields.ts';
import type { Trash } from '../../../api/trash/trash.ts';
import type { Workbench } from '../../../api/workbench.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { withTrash } from '../with-trash.ts';
import { withWorkbench } from './experiments.ts';

const actions = ['list', 'restore', 'delete', 'empty'];

const flags = z.object({
  yes: flag({ label: 'Yes', help: 'Delete for good without asking', default: false }),
});

export const trash: Command = {
  name: 'trash',
  summary: 'What was deleted and can be restored',
  synopsis: '[list | restore ID ... | delete ID ... | empty] [--FLAG VALUE ...]',
  notes: [
    'ID is what list shows, or the id of a run or an experiment that was deleted. delete and empty delete for good, after asking; what lies in',
    `the trash for ${trashDays} days is deleted for good without that.`,
  ].join('\n'),
  flags,
  maxWords: 10_000,
  async run([action = 'list', ...ids], given, output) {
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    const takesIds = action === 'restore' || action === 'delete';
    if (takesIds !== ids.length > 0) {
      throw new CupbearerError(
        'usage',
        takesIds ? `trash ${action} needs the id of something in the trash.` : `trash ${action} takes no id.`,
        { hint: 'npx cupbearer trash lists what is there.' },
      );
    }
    const { yes } = parseParams(flags, given, flagName);
    await withWorkbench(output, (workbench) =>
      withTrash(workbench, async (service) => {
        service.emptyOld();
        if (action === 'restore') await restore(workbench, service, ids, output);
        else if (action === 'list') await list(service, output);
        else await deleteForGood(service, action === 'empty' ? undefined : ids, yes, output);
      }),
    );
  },
};

/** All that is there, with its size. */
async function counting(service: Trash): Promise<TrashItem[]> {
  service.measure();
  await service.idle();
  return service.list();
}

const bytesOf = (items: readonly TrashItem[]) => items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);

async function list(service: Trash, output: Output): Promise<void> {
  const items = await counting(service);
  output.result({ items, bytes: bytesOf(items) }, () => {
    if (items.length === 0) return 'The trash is empty.';
    const now = new Date();
    const rows = items.map((item) => [
      item.id,
      item.what === 'run' ? 'run' : `experiment, ${counted(item.runs.length, 'run')}`,
      item.name,
      item.bytes === null ? '' : formatBytes(item.bytes),
      formatRelativeTime(new Date(item.trashed_at), now),
      daysLeft(item, now),
      shownPath(item.folder),
    ]);
    const heads = ['id', 'what', 'name', 'size', 'deleted', 'for good', 'from'];
    return `${textTable(heads, rows, [false, false, false, true])}\n\n${formatBytes(bytesOf(items))} in all.`;
  });
}

function daysLeft(item: TrashItem, now: Date): string {
  const days = Math.max(0, Math.ceil((trashEnd(item) - now.getTime()) / 86_400_000));
  return `in ${counted(days, 'day')}`;
}

async function restore(
  { catalogue }: Workbench,
  service: Trash,
  ids: readonly string[],
  output: Output,
): Promise<void> {
  const restored = await service.restore(service.named(ids).map(({ id }) => id));
  catalogue.mirrorPending();
  output.result(restored, () =>
    restored
      .map(({ name, folder, isBeside, renamed }) =>
        [
          `${name} is back in ${shownPath(folder)}`,
          ...(isBeside ? ['beside where it was: that place is taken'] : []),
          ...(renamed === null ? [] : [`and is called "${renamed}" now: another experiment has its name`]),
        ].join(', '),
      )
      .map((line) => `${line}.`)
      .join('\n'),
  );
}

async function deleteForGood(
  service: Trash,
  ids: readonly string[] | undefined,
  yes: boolean,
  output: Output,
): Promise<void> {
  const wanted = ids && new Set(service.named(ids).map(({ id }) => id));
  const items = (await counting(service)).filter(({ id }) => wanted?.has(id) ?? true);
  const what = items.length === 1 ? `"${items[0]!.name}"` : counted(items.length, 'thing');
  const size = formatBytes(bytesOf(items));
  if (items.length > 0) await confirm(`Delete ${what} (${size}) for good?`, { yes });
  service.delete(items.map(({ id }) => id));
  await service.idle();
  // What could not be deleted is back.
  const left = new Set(service.list().map(({ id }) => id));
  const gone = items.filter(({ id }) => !left.has(id));
  output.result({ deleted: gone.length, bytes: bytesOf(gone) }, () =>
    items.length === 0
      ? 'The trash is empty.'
      : `Deleted for good: ${counted(gone.length, 'thing')}, ${formatBytes(bytesOf(gone))}.`,
  );
  if (gone.length < items.length) {
    throw new CupbearerError('storage', `${counted(items.length - gone.length, 'thing')} could not be deleted.`, {
      hint: 'npx cupbearer trash lists what is left; check the permissions of its folder.',
    });
  }
}
