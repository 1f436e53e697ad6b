import type { z } from 'zod';
import type { Application } from './application.ts';
import { calls } from './calls.ts';
import { checkReach } from './within-reach.ts';
import { appCalls } from './calls/app.ts';
import { datasetsCalls } from './calls/datasets.ts';
import { enginesCalls } from './calls/engines.ts';
import { experimentsCalls } from './calls/experiments.ts';
import { draftsCalls } from './calls/drafts.ts';
import { filesCalls } from './calls/files.ts';
import { modelsCalls } from './calls/models.ts';
import { pluginsCalls } from './calls/plugins.ts';
import { recordedCalls } from './calls/recorded.ts';
import { reportsCalls } from './calls/reports.ts';
import { runsCalls } from './calls/runs.ts';
import { trashCalls } from './calls/trash.ts';
import { uploadsCalls } from './calls/uploads.ts';

/** Returns all calls of the contract, ready to be served over a MessagePort or a WebSocket. */
export function createRouter(application: Application) {
  const bounded = calls.use(({ next, procedure }, input) => {
    checkReach(application, procedure['~orpc'].inputSchema as z.ZodType, input);
    return next();
  });
  return bounded.router({
    runs: runsCalls(application),
    reports: reportsCalls(application),
    drafts: draftsCalls(application),
    experiments: experimentsCalls(application),
    trash: trashCalls(application),
    uploads: uploadsCalls(application),
    files: filesCalls(application),
    datasets: datasetsCalls(application),
    models: modelsCalls(application),
    recorded: recordedCalls(application),
    plugins: pluginsCalls(application),
    engines: enginesCalls(application),
    app: appCalls(application),
  });
}
