import type { EngineStatus, SpeedReport } from '../../../shared/domain/engine.ts';
import { engineStatusText, failureWords, isBroken, speedReportText } from '../../../shared/engine-text.ts';
import { counted, formatBytes, formatDuration } from '../../../shared/format.ts';

/** Describes an engine in one line, or says why it does not work. */
export function engineWords(status: EngineStatus): string {
  const { info, failure, reason, hint } = status;
  // The reasons of these say how themselves.
  const isTold = failure === undefined || failure === 'unavailable' || failure === 'crashed';
  const how = isTold ? '' : `It ${failureWords(status)}.`;
  if (!info) return [how, reason, hint].filter(Boolean).join(' ');
  const { device, threads, deviceMemoryBytes } = info;
  return [device, counted(threads, 'thread'), deviceMemoryBytes === undefined ? '' : formatBytes(deviceMemoryBytes)]
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

/** Engines and measurements as plain text, to be pasted: what `cupbearer doctor` says of them. */
export function enginesAsText(statuses: readonly EngineStatus[], report: SpeedReport | null): string {
  const parts = [engineStatusText(statuses), ...(report ? [speedReportText(report)] : [])];
  return parts.join('\n\n').replaceAll('\u00a0', ' ');
}

/** The state of an engine that does not work, in a word or two. */
export function failureTitle(status: EngineStatus): string {
  if (isBroken(status)) return 'Broken';
  if (status.failure === 'out-of-memory') return 'Out of memory';
  return status.failure === 'device-lost' ? 'Device lost' : 'Not available';
}
