import type { RunSummary } from '../../shared/domain/live.ts';

/** Returns whether a run goes on or waits for its turn. */
export const isActive = ({ status }: RunSummary): boolean => status === 'running' || status === 'queued';
