import { forgetProcess } from '../storage/process-records.ts';
import { endWithHost } from './host-watch.ts';

/** The host as a process of ours sees it, whichever host started it. */
export interface HostPort<FromHost, ToHost> {
  /** Does nothing once the host has gone. */
  send(message: ToHost): void;
  onMessage(listener: (message: FromHost) => void): void;
  /** Sends the last message and ends this process once it is out. */
  finish(message: ToHost): void;
}

/**
 * What a utility process sends. It stays until its host has the last message and ends it: whether messages that were posted
 * right before `process.exit` arrive is left to chance there.
 */
export interface UtilityMessage<ToHost> {
  message: ToHost;
  isLast: boolean;
}

/** Electron's channel to the process that started a utility process; absent in a plain Node process. */
interface UtilityPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** Returns the way to the host, and sees to it that this process ends when the host does. */
export function hostPort<FromHost, ToHost>(): HostPort<FromHost, ToHost> {
  endWithHost();
  const utility = (process as unknown as { parentPort?: UtilityPort }).parentPort;
  if (utility) {
    return {
      send: (message) => utility.postMessage({ message, isLast: false } satisfies UtilityMessage<ToHost>),
      onMessage: (listener) => utility.on('message', ({ data }) => listener(data as FromHost)),
      finish: (message) => {
        forgetProcess();
        utility.postMessage({ message, isLast: true } satisfies UtilityMessage<ToHost>);
      },
    };
  }
  process.on('disconnect', () => process.exit(1));
  return {
    send: (message) => {
      if (process.connected) process.send!(message);
    },
    onMessage: (listener) => process.on('message', (message) => listener(message as FromHost)),
    finish: (message) => {
      forgetProcess();
      process.send!(message, () => process.disconnect());
    },
  };
}
