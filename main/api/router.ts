import type { Application } from './application.ts';
import { appCalls } from './calls/app.ts';
import { datasetsCalls } from './calls/datasets.ts';
import { runsCalls } from './calls/runs.ts';

/** All calls of the contract, ready to be offered over a MessagePort or a WebSocket. */
export function createRouter(application: Application) {
  return { runs: runsCalls(application), datasets: datasetsCalls(application), app: appCalls(application) };
}
