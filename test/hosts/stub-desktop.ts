import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A desktop whose browser writes down what it is asked to open, and then stays, as browsers do. */
interface StubDesktop {
  /** What a program needs in its environment to find this desktop. */
  env: Record<string, string>;
  /** Resolves with the arguments of the first call of the browser. */
  opened: () => Promise<string[]>;
  /** Ends the browser. */
  end: () => void;
}

/** Makes such a desktop in a new folder below `place`; `defaultBrowser` is the desktop file of the user's browser. */
export function stubDesktop(place: string, defaultBrowser = 'stub.desktop'): StubDesktop {
  const folder = mkdtempSync(join(place, 'desktop-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = (name: string, ...lines: string[]) =>
    writeFileSync(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  // What xdg-open asks of a desktop before it falls back on BROWSER: none of these knows an application.
  for (const name of ['xdg-mime', 'run-mailcap', 'mimeopen', 'gio']) script(name, 'exit 1');
  script('xdg-settings', `echo ${defaultBrowser}`);
  const [calls, ending] = [join(folder, 'calls'), join(folder, 'end')];
  script(
    'browser',
    `printf '%s\\n' "$@" > '${calls}.new' && mv '${calls}.new' '${calls}'`,
    `while [ -d '${folder}' ] && [ ! -e '${ending}' ]; do sleep 0.1; done`,
  );
  return {
    env: {
      PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
      DISPLAY: ':99',
      BROWSER: join(bin, 'browser'),
      XDG_CURRENT_DESKTOP: 'X-Generic',
      DESKTOP_SESSION: '',
      XDG_DATA_DIRS: folder,
      XDG_DATA_HOME: folder,
    },
    opened: async () => {
      while (!existsSync(calls)) await setTimeout(50);
      return readFileSync(calls, 'utf8').trim().split('\n');
    },
    end: () => writeFileSync(ending, ''),
  };
}
