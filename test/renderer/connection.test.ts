import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connection } from '../../renderer/app/connection.svelte.ts';

// The page is the desktop program's: its preload script hands over a port when it is asked for one.

const asked = vi.spyOn(window, 'postMessage');

/** Hands over a port, as the preload script does. Returns the other end. */
function handOver(source: unknown = window): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const message = Object.assign(new Event('message'), { source, data: 'cupbearer:port', ports: [port1] });
  window.dispatchEvent(message);
  return port2;
}
const soon = () => vi.advanceTimersByTimeAsync(0);

let port: MessagePort | undefined;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  port?.close();
  vi.useRealTimers();
});

describe('the connection', () => {
  it('waits for a port of this window, gives up waiting when told to, and opens again after a loss', async () => {
    expect(connection.state).toBe('connecting');
    const stop = new AbortController();
    const waiting = connection.link(stop.signal);
    stop.abort(new Error('Not wanted any more.'));
    await expect(waiting).rejects.toThrow('Not wanted any more.');

    handOver('another window').close();
    await soon();
    expect(connection.state).toBe('connecting');
    port = handOver();
    await soon();
    const link = await connection.link();
    expect([connection.state, connection.generation]).toEqual(['open', 1]);
    expect(connection.isCutOff(new Error('Something else.'))).toBe(false);

    port.close();
    vi.useRealTimers();
    await vi.waitFor(() => expect(connection.state).toBe('lost'));
    expect(connection.isCutOff(new Error('Something else.'))).toBe(true);
    asked.mockClear();
    connection.retry();
    await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
    port = handOver();
    expect(await connection.link()).not.toBe(link);
    expect([connection.state, connection.generation, connection.failures]).toEqual(['open', 2, 0]);
  });
});
