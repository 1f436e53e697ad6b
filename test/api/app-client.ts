import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { onTestFinished } from 'vitest';
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

/** What a call fails with. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
