import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandText } from '../../../shared/shell.ts';

/** What decides on Linux whether Chromium can make the sandbox of its pages. */
export interface SandboxFacts {
  uid: number;
  /** `chrome-sandbox` beside the binary, which makes the sandbox if it runs as root; undefined if it is not there. */
  helper: { path: string; uid: number; mode: number } | undefined;
  /** Settings of the kernel by name; undefined for those that it does not have. */
  settings: Readonly<Record<keyof typeof forbidding, number | undefined>>;
  /** The binary's own AppArmor profile; undefined if that could not be found out. */
  profile: string | undefined;
}

/** Why there is no sandbox, and what allows it. */
export interface NoSandbox {
  reason: string;
  remedy: string;
}

/** Settings that keep ordinary users from making namespaces, and the value that does. */
const forbidding = {
  'user.max_user_namespaces': 0,
  'kernel.unprivileged_userns_clone': 0,
  'kernel.apparmor_restrict_unprivileged_userns': 1,
} as const;

const apparmor = 'kernel.apparmor_restrict_unprivileged_userns';

/** What AppArmor says of a program that no profile is about. */
const noProfile = 'unconfined';

/** Root's, and run as root by everybody: what Chromium asks of its helper. */
const helperMode = 0o4755;

/** Characters that control a terminal or end a line. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Returns why Chromium would refuse to start `binary`; undefined if nothing is known to be in its way. */
export function whyNoSandbox(facts: SandboxFacts, binary: string): NoSandbox | undefined {
  const { uid, helper, settings, profile } = facts;
  if (uid === 0)
    return {
      reason: 'The desktop program cannot run as root: Chromium makes no sandbox then',
      remedy: 'Start it as an ordinary user.',
    };
  if (helper?.uid === 0 && (helper.mode & 0o7777) === helperMode) return undefined;
  const name = (Object.keys(forbidding) as (keyof typeof forbidding)[]).find(
    (setting) => settings[setting] === forbidding[setting] && (setting !== apparmor || profile === noProfile),
  );
  if (name === undefined) return undefined;
  const reason = `This system keeps programs from making the sandbox of the window's page (${name} = ${forbidding[name]})`;
  const remedy = name === apparmor ? profileRemedy(binary) : helperRemedy(helper?.path ?? helperOf(binary));
  return { reason, remedy: remedy ?? 'docs/installers.md says how to allow it.' };
}

function profileRemedy(binary: string): string | undefined {
  const commands = profileCommands('cupbearer-npm', binary);
  return commands && `An AppArmor profile allows it:\n\n${commands}`;
}

function helperRemedy(path: string): string | undefined {
  if (unprintable.test(path)) return undefined;
  const commands = [
    ['sudo', 'chown', 'root:root', path],
    ['sudo', 'chmod', helperMode.toString(8), path],
  ];
  const lines = commands.map((words) => commandText(words, 'posix'));
  return `A helper that runs as root allows it:\n\n${lines.join('\n')}`;
}

/**
 * Returns commands that give a program an AppArmor profile under which it may make namespaces; undefined for a path
 * that no command can hold. `name` is the profile's.
 */
export function profileCommands(name: string, program: string): string | undefined {
  if (unprintable.test(program)) return undefined;
  // The end of the text is quoted, so that the shell leaves it as it is; AppArmor reads these as patterns, and " as an
  // end.
  const path = program.replace(/[\\"*?[\]{}^@]/g, '\\$&');
  return [
    `sudo tee /etc/apparmor.d/${name} >/dev/null <<'END'`,
    'abi <abi/4.0>,',
    'include <tunables/global>',
    `profile ${name} "${path}" flags=(unconfined) {`,
    '  userns,',
    '}',
    'END',
    `sudo apparmor_parser --replace /etc/apparmor.d/${name}`,
  ].join('\n');
}

/**
 * Returns what is known about this process and `binary`; undefined on other systems, where there is always a sandbox.
 */
export function sandboxFacts(binary: string): SandboxFacts | undefined {
  if (process.platform !== 'linux') return undefined;
  const settings = Object.fromEntries(
    Object.keys(forbidding).map((name) => [name, kernelSetting(name)]),
  ) as SandboxFacts['settings'];
  return {
    uid: process.getuid!(),
    helper: helperBeside(binary),
    settings,
    profile: settings[apparmor] === 1 ? profileOf(binary) : undefined,
  };
}

function helperOf(binary: string): string {
  return join(dirname(binary), 'chrome-sandbox');
}

function helperBeside(binary: string): SandboxFacts['helper'] {
  const path = helperOf(binary);
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { path, uid: found.uid, mode: found.mode };
}

function kernelSetting(name: string): number | undefined {
  try {
    return Number(readFileSync(join('/proc/sys', ...name.split('.')), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Starts the program as plain Node.js to ask for its profile: profiles apply by path, and only the program itself can
 * read its own.
 */
function profileOf(binary: string): string | undefined {
  const script = "process.stdout.write(require('fs').readFileSync('/proc/self/attr/current', 'utf8'))";
  const { status, stdout } = spawnSync(binary, ['-e', script], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
  return status === 0 ? stdout.replaceAll('\0', '').trim() : undefined;
}
