import { cpus, freemem, release, totalmem, type } from 'node:os';
import type { AppInfo, Settings } from '../../shared/domain/settings.ts';
import { counted, formatBytes, numbered } from '../../shared/format.ts';

/** Returns what a bug report needs as text, to be read before it is sent. Contains no names of runs and no results. */
export function diagnosticsText(info: AppInfo, settings: Settings, quickCheck: string): string {
  const section = (title: string, lines: readonly (readonly [string, string])[]) => [
    title,
    ...lines.map(([name, value]) => `  ${name.padEnd(14)}${value}`),
    '',
  ];
  const { catalogue } = info;
  return [
    ...section('Program', [...Object.entries(info.versions), ['host', info.host]]),
    ...section('Machine', [
      ['system', `${type()} ${release()}`],
      ['processor', `${cpus()[0]?.model ?? 'unknown'}, ${numbered(cpus().length, 'thread')}`],
      ['memory', `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`],
    ]),
    ...section('Folders', [
      ['program', info.home],
      ['data', info.dataDir],
      ['runs', info.runsDir],
    ]),
    ...section('Catalogue', [
      ['file', catalogue.path],
      ['size', `${counted(catalogue.runs, 'run')}, ${formatBytes(catalogue.bytes)}`],
      ['check', quickCheck],
    ]),
    ...section(
      'Settings',
      Object.entries(settings).map(
        ([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
      ),
    ),
    ...(info.notices.length === 0 ? [] : ['Notices', ...info.notices.map((notice) => `  ${notice}`), '']),
  ].join('\n');
}
