import { watchOpenings } from '../tensor/engine-openings.ts';
import type { HostPort } from './host-port.ts';

/** What a process reports about the engines that it opens, one of which may end it. */
export type EngineNews = { type: 'opening'; engine: string } | { type: 'opened'; holdsGpu: boolean };

/** The host's answer to `opening`: if the process ends now, the host knows why. */
export interface OpeningNoted {
  type: 'opening-noted';
}

/** Reports every engine to the host before it is opened, and waits for the host's answer. */
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
