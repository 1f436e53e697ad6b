import type { EngineStatus, SpeedReport } from '../../../shared/domain/engine.ts';
import { formatBytes, formatDuration } from '../../../shared/format.ts';

/** What an engine is, in one line; where it does not work, why. */
export function engineWords({ info, reason, hint }: EngineStatus): string {
  if (!info) return [reason, hint].filter(Boolean).join(' ');
  const { device, threads, deviceMemoryBytes } = info;
  return [
    device,
    threads === 1 ? '1 thread' : `${threads} threads`,
    deviceMemoryBytes === undefined ? '' : formatBytes(deviceMemoryBytes),
  ]
    .filter(Boolean)
    .join(', ');
}

/** A time of a few milliseconds or less with three digits; longer ones as elsewhere. */
export function shortTime(ms: number): string {
  return ms < 100 ? `${Number(ms.toPrecision(3))}\u00a0ms` : formatDuration(ms);
}

export function speedWords(flops: number): string {
  return flops >= 1e12 ? `${(flops / 1e12).toFixed(1)}\u00a0TFLOP/s` : `${(flops / 1e9).toFixed(1)}\u00a0GFLOP/s`;
}

/** Engines and measurements as plain text, to be pasted. */
export function enginesAsText(statuses: readonly EngineStatus[], report: SpeedReport | null): string {
  const lines = statuses.map(
    (status) =>
      `${status.title}: ${status.works ? 'works' : (status.failure ?? 'does not work')}. ${engineWords(status)}`,
  );
  if (report) {
    lines.push('', `Speed of ${report.engine.title} (${report.engine.device}), measured ${report.measuredAt}`);
    for (const { title, ms, flops } of report.measurements)
      lines.push(`${title}: ${shortTime(ms)}${flops === undefined ? '' : `, ${speedWords(flops)}`}`);
    for (const { title, seconds } of report.presets) lines.push(`${title}: about ${formatDuration(seconds * 1000)}`);
  }
  return lines.join('\n').replaceAll('\u00a0', ' ');
}
