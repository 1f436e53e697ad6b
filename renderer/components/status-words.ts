import type { RunStatus } from '../../shared/domain/run.ts';

/** What the statuses of a run are called. */
export const statusWords: Readonly<Record<RunStatus, string>> = {
  queued: 'Waiting',
  running: 'Running',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
};
