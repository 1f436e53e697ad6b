import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type * as Electron from 'electron';
import type { Client } from './web-client.ts';

/** Runs a function in Electron's main process; it is sent there as text, so that it sees nothing but what it is given. */
export type InMain = <Given, Result>(
  work: (electron: typeof Electron, given: Given) => Result | Promise<Result>,
  given: Given,
) => Promise<Result>;

/** A message of the line as text: binary ones in base64. */
interface Packed {
  text: string;
  isBinary: boolean;
}

/** The far end of the line, in the main process. */
interface Line {
  port: Electron.MessagePortMain;
  came: Packed[];
  wake: () => void;
}

declare global {
  var cupbearerLine: Line;
}

/** A client of the contract through the desktop program's own port, as its page has one. */
export async function clientOverDesktop(inMain: InMain): Promise<Client> {
  await inMain(({ ipcMain }) => {
    const sender = {
      postMessage: (_channel: string, _message: unknown, [port]: [Electron.MessagePortMain]) => {
        const line: Line = { port, came: [], wake: () => undefined };
        port.on('message', ({ data }: { data: unknown }) => {
          const isBinary = typeof data !== 'string';
          line.came.push({ text: isBinary ? Buffer.from(data as Uint8Array).toString('base64') : data, isBinary });
          line.wake();
        });
        port.start();
        globalThis.cupbearerLine = line;
      },
    };
    ipcMain.emit('cupbearer:connect', { senderFrame: { url: 'app://cupbearer/', parent: null }, sender });
  }, undefined);
  const line = new LineToMain(inMain);
  return createORPCClient(new RPCLink({ port: line }));
}

/** The near end: to the client a port like any other. */
class LineToMain extends EventTarget {
  readonly #inMain: InMain;

  constructor(inMain: InMain) {
    super();
    this.#inMain = inMain;
    void this.#listen();
  }

  postMessage(data: string | ArrayBufferView<ArrayBuffer>): void {
    const packed: Packed =
      typeof data === 'string'
        ? { text: data, isBinary: false }
        : { text: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'), isBinary: true };
    void this.#inMain((_, { text, isBinary }) => {
      globalThis.cupbearerLine.port.postMessage(isBinary ? new Uint8Array(Buffer.from(text, 'base64')) : text);
    }, packed);
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const came = await this.#inMain(async () => {
          const line = globalThis.cupbearerLine;
          if (line.came.length === 0) await new Promise<void>((resolve) => (line.wake = resolve));
          return line.came.splice(0);
        }, undefined);
        for (const { text, isBinary } of came) {
          const data = isBinary ? new Uint8Array(Buffer.from(text, 'base64')) : text;
          this.dispatchEvent(new MessageEvent('message', { data }));
        }
      }
    } catch {
      // The program has ended, and with it the line.
      this.dispatchEvent(new Event('close'));
    }
  }
}
