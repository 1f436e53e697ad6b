import type { ContractRouterClient } from '@orpc/contract';
import type { contract } from '../../shared/contract.ts';
import { fetchFile } from '../../shared/fetch-file.ts';

type AppClient = ContractRouterClient<typeof contract>;

/** Has a report made and fetches it, as the window does. */
export async function reportFile(
  client: Pick<AppClient, 'reports' | 'files'>,
  request: Parameters<AppClient['reports']['make']>[0],
): Promise<File> {
  return fetchFile(client.files, await client.reports.make(request));
}
