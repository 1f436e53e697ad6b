import { forgetProcess } from '../storage/process-records.ts';
import { endWithHost } from './host-watch.ts';

/** The host as seen by a process that it started, whichever host that is. */
export interface HostPort<FromHost, ToHost> {
  /** Sends a message; does nothing if the host has ended. */
  send(message: ToHost): void;
  onMessage(listener: (message: FromHost) => void): void;
  /** Sends the last message and ends this process when it has been sent. */
  finish(message: ToHost): void;
}

/**
 * What a utility process sends. It keeps running until its host has the last message and ends it, because messages
 * posted right before `process.exit` may be lost there.
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

/** Returns the connection to the host, and makes this process end when the host does. */
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
