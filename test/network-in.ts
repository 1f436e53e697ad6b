import type { Network } from '../main/models/network.ts';
import type { Task } from '../main/tasks/task.ts';

/** The network that a task watches. */
export function networkIn({ source: { network } }: Pick<Task, 'source'>): Network {
  if (network) return network;
  throw new Error('The task watches no network.');
}
