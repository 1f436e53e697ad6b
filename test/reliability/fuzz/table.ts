import { formatBytes, formatCount, formatDuration } from '../../../shared/format.ts';
import type { ParserReport } from './campaign.ts';

/** Returns what a campaign has found as lines of text: a row a parser, then all of them together. */
export function campaignTable(reports: readonly ParserReport[]): string {
  const head = ['parser', 'inputs', 'read', 'refused', 'most memory', 'longest', 'findings'];
  const sum = (of: (report: ParserReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: ParserReport) => number) => Math.max(0, ...reports.map(of));
  const row = (
    name: string,
    inputs: number,
    read: number,
    refused: number,
    memory: number,
    ms: number,
    found: number,
  ) => [
    name,
    formatCount(inputs),
    formatCount(read),
    formatCount(refused),
    formatBytes(memory),
    formatDuration(ms),
    String(found),
  ];
  const rows = reports.map(({ parser, inputs, read, refused, memory, ms, findings }) =>
    row(parser, inputs, read, refused, memory, ms, findings.length),
  );
  const total = row(
    'all',
    sum(({ inputs }) => inputs),
    sum(({ read }) => read),
    sum(({ refused }) => refused),
    most(({ memory }) => memory),
    most(({ ms }) => ms),
    sum(({ findings }) => findings.length),
  );
  const lines = [head, ...rows, total];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n');
}
