import type { Application } from './application.ts';
import { appCalls } from './calls/app.ts';
import { runsCalls } from './calls/runs.ts';

/** All calls of the contract, ready to be offered over a MessagePort or a WebSocket. */
export function createRouter(application: Application) {
  return { runs: runsCalls(application), app: appCalls(application) };
}
