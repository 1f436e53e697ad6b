import type { RunSummary } from '../../shared/domain/live.ts';

/** Returns whether a run is running or waiting. */
export const isActive = ({ status }: RunSummary): boolean => status === 'running' || status === 'queued';
