import type { ContractRouterClient } from '@orpc/contract';
import type { contract } from '../../shared/contract.ts';
import type { DatasetSummary, ImportState } from '../../shared/domain/library.ts';
import { sendFiles } from '../../shared/send-files.ts';

/** Calls of the application, in this process or over a line. */
type AppClient = ContractRouterClient<typeof contract>;

/** Sends files and takes them in as a dataset, as the window does. Returns the dataset. */
export async function importDataset(
  client: Pick<AppClient, 'uploads' | 'datasets'>,
  { name, files, paths }: { name: string; files: readonly File[]; paths: readonly string[] },
): Promise<DatasetSummary> {
  const upload = await sendFiles(client.uploads, files, paths);
  return imported(client.datasets.import({ name, upload }));
}

/** Sends the files of a model and takes it in, as the window does. */
export async function importModel(
  client: Pick<AppClient, 'uploads' | 'models'>,
  { files, ...model }: { name: string; files: readonly File[]; trained?: Record<string, unknown> },
): Promise<{ id: string }> {
  const names = files.map((file) => file.name);
  return client.models.import({ ...model, upload: await sendFiles(client.uploads, files, names) });
}

/** The dataset that an import ends with. */
export async function imported(states: Promise<AsyncIterable<ImportState>>): Promise<DatasetSummary> {
  let last: ImportState | undefined;
  for await (const state of await states) last = state;
  if (last?.type !== 'done') throw new Error('The import ended without a dataset.');
  return last.dataset;
}
