import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame } from '../../main/plugins/frames.ts';
import { typescriptRunner } from '../../main/plugins/plugin-launch.ts';
import { PluginProcess } from '../../main/plugins/plugin-process.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { pluginOf } from './plugin-folder.ts';
import { toyStream } from './toy-detector.ts';

/** Messages that begin like those of the protocol, and anything else. */
const messages = fc.oneof(
  fc.jsonValue().map((value) => (typeof value === 'object' && value !== null ? value : { value })),
  fc.record({ id: fc.nat(3), state: fc.jsonValue() }),
  fc.record({
    call: fc.constant('batch'),
    of: fc.nat(3),
    stream: fc.constantFrom('trusted', 'untrusted', 'x'),
    restart: fc.anything().map(String),
  }),
  fc.record({ ask: fc.constantFrom('hello', 'fit', 'score', 'take', 'cancel'), id: fc.nat(3), batch: fc.jsonValue() }),
);
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 5, maxLength: 60 }).filter((all) => all[3]! > 1),
  messages.map((message) => new Uint8Array(encodeFrame(message))),
);
const seed = 18;

test.each(fc.sample(bytes, { numRuns: 8, seed }).map((all) => [Buffer.from(all).toString('base64')]))(
  'whatever a plugin sends fails that run alone: %s',
  async (text) => {
    const source = `import { defineDetector } from 'cupbearer/plugin';
import { writeSync } from 'node:fs';
export default defineDetector({
  id: 'my-idea', title: 'T', summary: 'S', needs: { trusted: true }, params: {},
  async fit() { writeSync(4, Buffer.from('${text}', 'base64')); process.exit(0); },
  score: () => new Map(),
});`;
    const plugin = await PluginProcess.start(pluginOf({ 'detector.ts': source }));
    const layers = [{ name: 'l', dims: 2 }];
    await expect(plugin.fit('my-idea', {}, { layers, trusted: toyStream(20, 2) }, 0)).rejects.toThrow(CupbearerError);
    await plugin.close();
  },
);

test.each(fc.sample(bytes, { numRuns: 6, seed }).map((all) => [Buffer.from(all).toString('base64')]))(
  'whatever a program sends ends the runner, or is answered: %s',
  async (text) => {
    const [node, runner] = typescriptRunner();
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', runner], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    child.stdio[4]!.on('data', (chunk: Buffer) => said.push(chunk));
    const input = child.stdio[3] as Writable;
    input.on('error', () => undefined);
    input.end(Buffer.from(text, 'base64'));
    const code = await new Promise((resolve) => child.on('close', resolve));
    // By itself: at the end of its input, or because it could not read a message.
    expect([0, 1]).toContain(code);
    if (said.length > 0) expect(Buffer.concat(said).toString()).toContain('error');
  },
);
