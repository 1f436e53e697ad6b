import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { createApplication, type RunningApplication } from '../../main/api/create-application.ts';
import { createRouter } from '../../main/api/router.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { forkProcess, type ProcessLauncher } from '../../main/jobs/child-process.ts';

/** An application with real compute processes and everything of its own, and the calls to it. */
export function startApplication(
  place = mkdtempSync(join(tmpdir(), 'cupbearer-application-')),
  launch: ProcessLauncher = forkProcess,
) {
  const settings = new SettingsStore(join(place, 'settings.json'));
  settings.change({ runsDir: join(place, 'runs'), dataDir: join(place, 'data') });
  const application: RunningApplication = createApplication({
    host: { kind: 'web', launch },
    catalogueFile: join(place, 'home', 'catalogue.sqlite'),
    settings,
  });
  const client = createRouterClient(createRouter(application));
  return {
    place,
    application,
    client,
    /** Ends it; `again` keeps its folder for another start. */
    stop: async ({ again = false } = {}) => {
      await application.close();
      if (!again) rmSync(place, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export type StartedApplication = ReturnType<typeof startApplication>;

/** Parameters of a training that takes a second. */
export const smallTraining = {
  train_data: {
    name: 'backdoor',
    original: { name: 'glyphs', limit: 200 },
    backdoor: { name: 'corner', p_backdoor: 0.2 },
  },
  model: { name: 'mlp', hidden_dims: [16, 12] },
  num_epochs: 2,
  batch_size: 50,
};

/** Of a detector on the classifier in a folder. */
export const smallDetector = (run_path: string, more: object = {}) => ({
  detector: { name: 'mahalanobis', ...more },
  task: { name: 'backdoor', run_path },
});

/** Kept once a run has ended; gives its status. */
export async function ended({ application }: StartedApplication, id: string): Promise<string> {
  await application.queued.ended(id);
  return application.workbench.catalogue.get(id).status;
}
