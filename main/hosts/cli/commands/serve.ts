import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { flag, integer, optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { openSignedIn } from '../../web/open-signed-in.ts';
import { serveApplication } from '../../web/serve.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import { isReadByOthers } from '../read-by-others.ts';

const flags = z.object({
  port: integer({
    default: 4848,
    min: 0,
    max: 65_535,
    label: 'Port',
    help: 'Port on 127.0.0.1; the next one that is free where it is taken, any with 0',
  }),
  no_open: flag({ default: false, label: 'No browser', help: 'Does not open the browser' }),
  root: optionalPath({
    label: 'Root',
    help: 'Folder below which pages may read files and create folders; CUPBEARER_ROOT, the settings, or your home unless given',
  }),
});

const asRoot = 'Warning: this runs as root, so a signed-in page acts as root, too. Run it as an ordinary user instead.';

const inOpenFile =
  'Warning: other users may read the file that this goes to, and the link in it. Make it yours alone (umask 077).';

export const serve: Command = {
  name: 'serve',
  summary: 'The desktop app in a browser, on this machine or through ssh -L',
  synopsis: '[--port N] [--no-open] [--root FOLDER]',
  flags,
  maxWords: 0,
  notes: [
    'Answers to this machine alone. From another one, forward the port and open the printed link there:',
    '  ssh -L 4848:127.0.0.1:4848 MACHINE npx cupbearer serve --no-open',
    '',
    'A page that is signed in acts for you: it may start, change and delete runs, and, below the root, use and copy in',
    'pictures, take up runs and create folders. docs/serving.md says more.',
  ].join('\n'),
  async run(_, given, output) {
    const { port, no_open: noOpen, root } = parseParams(flags, given, flagName);
    const web = await serveApplication({ port, root });
    const interrupt = abortOnInterrupt(() => output.note('\nEnding; Ctrl-C again ends at once.'));
    try {
      if (port !== 0 && web.port !== port) output.note(`Port ${port} is taken; ${web.port} is used instead.`);
      output.result({ url: web.link(), port: web.port, root: web.root }, () => `Cupbearer is at ${web.link()}`);
      output.note('The link lets one browser in. Enter prints a new one, Ctrl-C ends the program.');
      if (process.getuid?.() === 0) output.note(asRoot);
      if (isReadByOthers(process.stdout.fd) || isReadByOthers(process.stderr.fd)) output.note(inOpenFile);
      output.note(
        `A signed-in page may start and delete runs, and use pictures, take up runs and create folders below ${web.root} (--root).`,
      );
      const links = createInterface({ input: process.stdin });
      links.on('line', () => output.note(web.link()));
      // Not waited for: whatever a desktop does about it, Enter and Ctrl-C work.
      if (!noOpen) void openSignedIn(web, (text) => output.note(text));
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
