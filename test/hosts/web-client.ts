import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../../shared/contract.ts';

/** Everything the application can do, from outside. */
export type Client = ContractRouterClient<typeof contract>;

/** Exchanges the link of a web host for the cookie that it gives. */
export async function signIn(link: string): Promise<string> {
  const response = await fetch(link, { redirect: 'manual' });
  const cookie = response.headers.get('set-cookie');
  if (response.status !== 303 || !cookie) throw new Error(`The link answered ${response.status} and no cookie.`);
  return cookie.split(';')[0]!;
}

/** A connection as a browser with this cookie would make it. */
export function openSocket(port: number, headers: Record<string, string>): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers });
}

/** A client of the contract over a connection. */
export function clientOver(socket: WebSocket): Client {
  return createORPCClient(new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }));
}
