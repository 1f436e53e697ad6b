import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { flag, integer, optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { unknownName } from '../../../../shared/definition.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { openSignedIn } from '../../web/open-signed-in.ts';
import { askServer, findServer, runningServers } from '../../web/running-servers.ts';
import { serveApplication } from '../../web/serve.ts';
import { forgetAllSessions } from '../../web/session-file.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
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
  allow_plugins: flag({
    default: false,
    label: 'Allow plugins',
    help: 'Pages may add and allow plugins, which are programs with your rights; without it none runs here',
  }),
  remember: flag({
    default: false,
    label: 'Remember browsers',
    help: 'Browsers stay signed in when this ends and is started again on the same port; only for a machine that nobody else uses',
  }),
});

const actions = ['link', 'sign-out'];

const asRoot = 'Warning: this runs as root, so a signed-in page acts as root, too. Run it as an ordinary user instead.';

const inOpenFile =
  'Warning: other users may read the file that this goes to, and the link in it. Make it yours alone (umask 077).';

export const serve: Command = {
  name: 'serve',
  summary: 'The desktop app in a browser, on this machine or through ssh -L',
  synopsis: '[link | sign-out] [--port N] [--no-open] [--root FOLDER] [--allow-plugins] [--remember]',
  flags,
  maxWords: 1,
  notes: [
    'Answers to this machine alone. From another one, forward the port and open the printed link there:',
    '  ssh -L 4848:127.0.0.1:4848 MACHINE npx cupbearer serve --no-open',
    '',
    'A browser stays signed in for 30 days, or until the server ends. "serve link" prints a new link to a server that runs,',
    '"serve sign-out" signs all browsers out; with several servers, --port says which one.',
    '',
    'A page that is signed in acts for you: it may start, change and delete runs, and, below the root, use and copy in',
    'pictures, take up runs and create folders. docs/serving.md says more.',
  ].join('\n'),
  async run([action], given, output) {
    const { port, no_open: noOpen, root, allow_plugins: allowPlugins, remember } = parseParams(flags, given, flagName);
    if (action !== undefined) return control(action, given, port, output);
    const web = await serveApplication({ port, root, allowPlugins, remember });
    const interrupt = abortOnInterrupt(() => output.note('\nEnding; Ctrl-C again ends at once.'));
    try {
      if (port !== 0 && web.port !== port) output.note(`Port ${port} is taken; ${web.port} is used instead.`);
      output.result({ url: web.link(), port: web.port, root: web.root }, () => `Cupbearer is at ${web.link()}`);
      output.note(
        'The link lets one browser in. Enter or "npx cupbearer serve link" prints a new one, Ctrl-C ends the program.',
      );
      if (process.getuid?.() === 0) output.note(asRoot);
      if (isReadByOthers(process.stdout.fd) || isReadByOthers(process.stderr.fd)) output.note(inOpenFile);
      output.note(
        `A signed-in page may start and delete runs, and use pictures, take up runs and create folders below ${web.root} (--root).`,
      );
      if (allowPlugins)
        output.note('It may also add, allow and run plugins, which are programs with your rights (--allow-plugins).');
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

/** What can be asked of a server that runs, from another terminal. */
async function control(action: string, given: Record<string, unknown>, port: number, output: Output): Promise<void> {
  if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
  const other = Object.keys(given).find((name) => name !== 'port');
  if (other !== undefined)
    throw new CupbearerError('usage', `"serve ${action}" takes no ${flagName([other])}, only --port.`);
  const wanted = 'port' in given ? port : undefined;
  if (action === 'link') {
    const server = findServer(wanted);
    const { link } = await askServer(server, 'link');
    output.result({ url: link, port: server.port }, () => link);
    if (isReadByOthers(process.stdout.fd)) output.note(inOpenFile);
    return;
  }
  // All servers, including the stored sessions of those not running: after signing out nobody should be signed in.
  if (wanted === undefined) forgetAllSessions();
  const servers = wanted === undefined ? runningServers() : [findServer(wanted)];
  const answers = await Promise.all(servers.map((server) => askServer(server, 'signOut')));
  const browsers = answers.reduce((sum, answer) => sum + answer.browsers, 0);
  output.result({ browsers, ports: servers.map((server) => server.port) }, () =>
    browsers === 1 ? 'One browser was signed out.' : `${browsers} browsers were signed out.`,
  );
}
