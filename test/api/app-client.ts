import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { onTestFinished } from 'vitest';
import type { DatasetSummary, ImportState } from '../../shared/domain/library.ts';
import { sendFiles } from '../../shared/send-files.ts';
import type { Host } from '../../main/api/application.ts';
import { createApplication } from '../../main/api/create-application.ts';
import { createRouter } from '../../main/api/router.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';

/** An application in a temporary folder, and its calls; both go when the test ends. */
export function temporaryApplication(host: Partial<Host> = {}) {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-application-'));
  const settings = new SettingsStore(join(place, 'settings.json'));
  settings.change({ dataDir: join(place, 'data'), runsDir: join(place, 'runs') });
  const application = createApplication({
    host: { kind: 'web', launch: forkProcess, ...host },
    catalogueFile: join(place, 'catalogue.sqlite'),
    settings,
  });
  onTestFinished(async () => {
    await application.close();
    rmSync(place, { recursive: true, force: true });
  });
  return { place, application, client: createRouterClient(createRouter(application)) };
}

type AppClient = ReturnType<typeof temporaryApplication>['client'];

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

/** What a call fails with. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
