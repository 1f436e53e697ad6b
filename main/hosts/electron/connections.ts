import { RPCHandler } from '@orpc/server/message-port';
import { ipcMain, MessageChannelMain } from 'electron';
import type { createRouter } from '../../api/router.ts';
import { rpcHandlerOptions } from '../rpc-handler.ts';
import { isTrustedSender } from './guards.ts';

// As in preload.ts.
const request = 'cupbearer:connect';
const answer = 'cupbearer:port';

/** Opens a port with the calls of the contract for every page of ours that asks. */
export function offerCalls(router: ReturnType<typeof createRouter>): void {
  const handler = new RPCHandler(router, rpcHandlerOptions);
  ipcMain.on(request, (event) => {
    if (!isTrustedSender(event.senderFrame)) return;
    const { port1, port2 } = new MessageChannelMain();
    handler.upgrade(port1, { context: {} });
    port1.start();
    event.sender.postMessage(answer, null, [port2]);
  });
}
