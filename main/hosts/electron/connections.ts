import { StandardRPCHandler } from '@orpc/server/standard';
import { ipcMain, MessageChannelMain, type MessagePortMain } from 'electron';
import type { createRouter } from '../../api/router.ts';
import { answerCalls } from '../answer-calls.ts';
import { mostMessageBytes } from '../message-limits.ts';
import { rpcHandlerOptions } from '../rpc-handler.ts';
import { isTrustedSender } from './guards.ts';

// As in preload.ts.
const request = 'cupbearer:connect';
const answer = 'cupbearer:port';

/** Opens a port with the calls of the contract for each of the program's pages that asks. */
export function offerCalls(router: ReturnType<typeof createRouter>): void {
  const handler = new StandardRPCHandler(router, rpcHandlerOptions);
  ipcMain.on(request, (event) => {
    if (!isTrustedSender(event.senderFrame)) return;
    const { port1, port2 } = new MessageChannelMain();
    answerPort(port1, handler);
    port1.start();
    event.sender.postMessage(answer, null, [port2]);
  });
}

function answerPort(port: MessagePortMain, handler: StandardRPCHandler<Record<never, never>>): void {
  const { take, end } = answerCalls(
    {
      send: (message) => Promise.resolve(port.postMessage(message)),
      // The page opens another one.
      close: () => port.close(),
    },
    handler,
  );
  port.on('message', ({ data }) => {
    const message = data instanceof ArrayBuffer ? new Uint8Array(data) : (data as unknown);
    const isMessage = typeof message === 'string' || message instanceof Uint8Array;
    if (!isMessage || message.length > mostMessageBytes) port.close();
    else void take(message as string | Uint8Array<ArrayBuffer>);
  });
  port.on('close', end);
}
