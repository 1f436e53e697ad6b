import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../../shared/contract.ts';

/** Everything the application can do, from outside. */
export type Client = ContractRouterClient<typeof contract>;

/** What a browser has once it is signed in. */
interface SignedIn {
  cookie: string;
  key: string;
}

/** Exchanges the link of a web host for the cookie and the key, as a browser does. */
export async function signIn(link: string): Promise<SignedIn> {
  const response = await fetch(link);
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  const key = /data-key="([^"]*)"/.exec(await response.text())?.[1];
  if (cookie === undefined || key === undefined)
    throw new Error(`The link answered ${response.status} and no session.`);
  return { cookie, key };
}

/** A connection as a signed-in browser makes it; `headers` beside or instead of the usual ones. */
export function openSocket(
  port: number,
  { key, cookie, ...headers }: Partial<SignedIn> & Record<string, string>,
): WebSocket {
  const query = key === undefined ? '' : `?key=${key}`;
  return new WebSocket(`ws://127.0.0.1:${port}/rpc${query}`, {
    headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
  });
}

/** A client of the contract over a connection. */
export function clientOver(socket: WebSocket): Client {
  return createORPCClient(new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }));
}
