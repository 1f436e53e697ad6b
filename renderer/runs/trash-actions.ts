import type { Restored, TrashItem } from '../../shared/domain/trash.ts';
import { counted, formatBytes } from '../../shared/format.ts';
import { client } from '../app/client.ts';
import { questions } from '../app/question.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { trash } from '../app/trash.svelte.ts';
import { attempt } from './run-actions.ts';

const idsOf = (items: readonly TrashItem[]) => items.map(({ id }) => id);

const named = (items: readonly { name: string }[]) =>
  items.length === 1 ? items[0]!.name : counted(items.length, 'item');

/** Restores what is in the trash; the message says where it is if that is not where it was. */
export async function restoreItems(items: readonly TrashItem[]): Promise<void> {
  await attempt(async () => {
    const { restored } = await client.trash.restore({ ids: idsOf(items) });
    if (restored.length === 0) return;
    const [item] = items;
    const hint = whereWords(restored);
    toasts.show({
      message: `Restored: ${named(restored)}`,
      ...(hint === '' ? {} : { hint }),
      ...(items.length === 1 && item ? { action: { label: 'Show', run: () => show(item) } } : {}),
    });
  });
}

function show({ what, runs: [id] }: TrashItem): void {
  if (what === 'experiment' || id === undefined) router.go({ screen: 'experiments' });
  else router.go({ screen: 'run', id, tab: 'overview' });
}

/** What is not as it was. */
function whereWords(restored: readonly Restored[]): string {
  const beside = restored.filter(({ isBeside }) => isBeside);
  const renamed = restored.filter((one) => one.renamed !== null);
  return [
    beside.length === 1
      ? `Its old place is taken, so it lies beside that, in ${beside[0]!.folder}.`
      : beside.length > 1 && `The old places of ${beside.length} are taken, so they lie beside these.`,
    renamed.length > 0 &&
      `Another experiment has its name, so it is called ${renamed.map((one) => one.renamed).join(', ')} now.`,
  ]
    .filter(Boolean)
    .join(' ');
}

const sizeOf = (items: readonly TrashItem[]) => formatBytes(items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));

/** Deletes for good, after asking. Resolves with whether that was meant. */
export async function deleteItems(items: readonly TrashItem[]): Promise<boolean> {
  const isMeant = await questions.ask({
    title: items.length === 1 ? 'Delete it for good?' : `Delete ${counted(items.length, 'item')} for good?`,
    text: `${named(items)}: ${sizeOf(items)} on disk. It cannot be restored after that.`,
    yes: 'Delete for good',
    isFinal: true,
  });
  if (isMeant) await attempt(() => client.trash.delete({ ids: idsOf(items) }));
  return isMeant;
}

/** Empties the trash, after asking. */
export async function emptyTrash(): Promise<void> {
  const isMeant = await questions.ask({
    title: 'Empty the trash?',
    text: `${counted(trash.items.length, 'item')}, ${sizeOf(trash.items)} on disk. Nothing of it can be restored after that.`,
    yes: 'Empty trash',
    isFinal: true,
  });
  if (isMeant) await attempt(() => client.trash.empty({}));
}
