import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { flag, integer, parseParams } from '../../../../shared/schema/fields.ts';
import { openSignedIn } from '../../web/open-signed-in.ts';
import { serveApplication } from '../../web/serve.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';

const flags = z.object({
  port: integer({
    default: 4848,
    min: 0,
    max: 65_535,
    label: 'Port',
    help: 'Port on 127.0.0.1; the next one that is free where it is taken, any with 0',
  }),
  no_open: flag({ default: false, label: 'No browser', help: 'Does not open the browser' }),
});

export const serve: Command = {
  name: 'serve',
  summary: 'The desktop app in a browser, on this machine or through ssh -L',
  synopsis: '[--port N] [--no-open]',
  flags,
  maxWords: 0,
  notes: [
    'Answers to this machine alone. From another one, forward the port and open the printed link there:',
    '  ssh -L 4848:127.0.0.1:4848 MACHINE npx cupbearer serve --no-open',
  ].join('\n'),
  async run(_, given, output) {
    const { port, no_open: noOpen } = parseParams(flags, given, flagName);
    const web = await serveApplication({ port });
    const interrupt = abortOnInterrupt(() => output.note('\nEnding; Ctrl-C again ends at once.'));
    try {
      if (port !== 0 && web.port !== port) output.note(`Port ${port} is taken; ${web.port} is used instead.`);
      output.result({ url: web.link(), port: web.port }, () => `Cupbearer is at ${web.link()}`);
      output.note('The link lets one browser in. Enter prints a new one, Ctrl-C ends the program.');
      if (!noOpen) await openSignedIn(web, (text) => output.note(text));
      const links = createInterface({ input: process.stdin });
      links.on('line', () => output.note(web.link()));
      if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort');
      links.close();
      // A terminal that is still read would keep the program from ending.
      process.stdin.destroy();
    } finally {
      await web.close('The program was ended.');
      interrupt.release();
    }
  },
};
