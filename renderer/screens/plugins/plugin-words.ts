import type { PluginState, PluginSummary, PythonEnvironment } from '../../../shared/domain/plugin.ts';
import { counted, formatBytes } from '../../../shared/format.ts';
import type { PluginKind } from '../../../shared/plugin/manifest.ts';

export const kindWords: Record<PluginKind, string> = {
  detector: 'Detector',
  task: 'Task',
  model: 'Model',
  dataset: 'Dataset',
  trigger: 'Trigger',
};

export const languageWords = { typescript: 'TypeScript', python: 'Python' } as const;

/** "Detector, task"; "60 detectors". */
export function addsWords({ adds }: Pick<PluginSummary, 'adds'>): string {
  const counts = new Map<PluginKind, number>();
  for (const { kind } of adds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const words = [...counts].map(([kind, count]) => {
    const word = kindWords[kind].toLowerCase();
    return count === 1 ? word : counted(count, word);
  });
  const text = words.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The words of a state as a row shows it: of one that is developed here, that it is watched. */
export function stateWords({ state, isDevelopment }: Pick<PluginSummary, 'state' | 'isDevelopment'>): string {
  const words: Record<PluginState, string> = {
    ask: 'To allow',
    error: 'Error',
    checking: 'Checking',
    ready: isDevelopment ? 'Watched' : 'Ready',
    off: 'Off',
    gone: 'Folder gone',
  };
  return words[state];
}

/** What stands below it. */
export function stateNote({ state, allowed, version }: PluginSummary): string {
  if (state === 'gone') return 'not there any more';
  if (state !== 'ask') return '';
  if (!allowed) return 'new';
  return allowed.version === version ? 'changed' : 'new version';
}

/** A SHA-256 in groups of four digits; its first eight in lists. */
export const hashWords = (hash: string): string => hash.match(/.{1,4}/g)?.join(' ') ?? '';
export const shortHash = (hash: string): string => hashWords(hash.slice(0, 8));

/** "3.12" of "3.12.4". */
const minor = (version: string): string => version.split('.').slice(0, 2).join('.');

export const environmentTitle = ({ title, version }: PythonEnvironment): string => `${title}, Python ${minor(version)}`;

/** Where it runs, as a row shows it. */
export function environmentWords({ language, environment, state }: PluginSummary): string {
  if (language === 'typescript') return 'built in';
  if (environment) return environmentTitle(environment);
  return state === 'ask' ? 'chosen when allowed' : 'none chosen';
}

/** What an environment has of what a plugin needs. */
export function environmentNote({ numpy, missing, problem }: PythonEnvironment): string {
  if (problem) return problem;
  const has = numpy === undefined ? 'Has no numpy' : `Has numpy ${minor(numpy)}`;
  return missing.length === 0 ? `${has}.` : `${has}, lacks ${missing.join(', ')}.`;
}

/** "6 files, 14.2 kB; Git commit 41d7e0a". */
export function sizeWords({ files, bytes, commit }: PluginSummary): string {
  const size = `${counted(files, 'file')}, ${formatBytes(bytes)}`;
  return commit === undefined ? size : `${size}; Git commit ${commit.slice(0, 7)}`;
}

const dayWords = (time: string): string =>
  new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long' });

/** What is said of the content before it is allowed. */
export function standingWords({ allowed, hash }: PluginSummary): string {
  if (!allowed) return 'Nothing of it has run yet.';
  const when = `You allowed ${allowed.version} on ${dayWords(allowed.at)}`;
  if (allowed.hash === hash) return `${when}.`;
  const count = allowed.changedFiles;
  return `${when}; ${counted(count, 'file')} ${count === 1 ? 'has' : 'have'} changed since.`;
}

/** "11 of 11 checks pass in 1.8 s". */
export function checksWords({ checks, checkSeconds }: PluginSummary): string {
  const all = checks?.length ?? 0;
  const passed = checks?.filter((check) => check.passed).length ?? 0;
  const time = checkSeconds === undefined ? '' : ` in ${checkSeconds.toFixed(1)}\u00a0s`;
  return `${passed} of ${counted(all, 'check')} pass${time}`;
}

/** What else a person should know of one that does not load. */
export function dependingWords({ allowed, version, waitingRuns }: PluginSummary): string {
  const earlier = allowed && allowed.version !== version ? `Runs made with ${allowed.version} stay as they are` : '';
  const waiting =
    waitingRuns === 0 ? '' : `${counted(waitingRuns, 'queued run')} ${waitingRuns === 1 ? 'waits' : 'wait'}`;
  const words = [earlier, waiting].filter(Boolean).join('; ');
  return words === '' ? '' : `${words}.`;
}
