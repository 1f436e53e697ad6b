import { watchOpenings } from '../tensor/engine-openings.ts';
import type { HostPort } from './host-port.ts';

/** What a process of ours tells of the engines that it opens, one of which may end it. */
export type EngineNews = { type: 'opening'; engine: string } | { type: 'opened'; holdsGpu: boolean };

/** The host's answer to `opening`: should the process end now, it will know why. */
export interface OpeningNoted {
  type: 'opening-noted';
}

/** Tells the host of every engine before it is opened, and waits until the host knows. */
export function tellOpenings(host: HostPort<{ type: string }, EngineNews>): void {
  const waiting: (() => void)[] = [];
  host.onMessage(({ type }) => {
    if (type === 'opening-noted') waiting.shift()?.();
  });
  watchOpenings({
    opening: (engine) =>
      new Promise((noted) => {
        waiting.push(noted);
        host.send({ type: 'opening', engine });
      }),
    opened: (holdsGpu) => host.send({ type: 'opened', holdsGpu }),
  });
}
