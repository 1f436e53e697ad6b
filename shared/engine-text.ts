import type { EngineInfo, EngineStatus, SpeedReport } from './domain/engine.ts';
import { counted, formatBytes, formatDuration } from './format.ts';

const indent = ' '.repeat(14);

function lines(...texts: (string | undefined)[]): string[] {
  return texts.flatMap((text) => (text === undefined || text === '' ? [] : [`${indent}${text}`]));
}

/** Says how an engine fails, with the engine as subject: 'The engine "x" gives wrong numbers'. */
export function failureWords({ failure }: EngineStatus): string {
  switch (failure) {
    case 'broken':
      return 'gives wrong numbers';
    case 'out-of-memory':
      return 'has no memory left';
    case 'device-lost':
      return 'lost its device';
    case 'threw':
      return 'fails its self-test';
    case 'crashed':
      return 'ends its process';
    default:
      return 'does not work here';
  }
}

/** Whether a fault of the engine itself keeps it from ever being chosen by `auto`, as against one that may pass. */
export function isBroken({ failure }: EngineStatus): boolean {
  return failure === 'broken' || failure === 'threw' || failure === 'crashed';
}

/** What versions belong to, if the key differs from the name that people use. */
const versionNames: Readonly<Record<string, string>> = { tensorflow: 'TensorFlow', cuda: 'CUDA', cudnn: 'cuDNN' };

/** The versions of an engine's parts in one line: "TensorFlow 2.21.0, CUDA 12.9.79, cuDNN 9.10.2, driver 570.86". */
export function versionWords({ versions }: EngineInfo): string {
  return Object.entries(versions)
    .filter(([, version]) => version !== '')
    .map(([name, version]) => `${versionNames[name] ?? name} ${version}`)
    .join(', ');
}

/** Why `auto` does not take an engine that works and that it would rather have; undefined for any other. */
export function whyPassedOver(status: EngineStatus, statuses: readonly EngineStatus[]): string | undefined {
  const taken = automaticEngine(statuses);
  const isBefore = taken !== undefined && statuses.indexOf(status) < statuses.indexOf(taken);
  if (!status.works || !isBefore) return status.info?.passedOverByAuto;
  return status.info?.passedOverByAuto ?? `it computes on the CPU, and ${taken.title} on a GPU`;
}

function describe(status: EngineStatus, statuses: readonly EngineStatus[]): string[] {
  const { id, works, info, reason, hint, selfTestMs } = status;
  const head = `  ${id.padEnd(12)}`;
  if (!works || info === undefined) {
    const what = isBroken(status)
      ? `is broken (${failureWords(status)}) and never chosen by auto`
      : failureWords(status);
    return [`${head}${what}: ${reason ?? 'unknown'}`, ...lines(hint)];
  }
  const passedOver = whyPassedOver(status, statuses);
  const parts = [
    info.device,
    info.deviceMemoryBytes === undefined ? undefined : formatBytes(info.deviceMemoryBytes),
    counted(info.threads, 'thread'),
    selfTestMs === undefined ? undefined : `self-test ${formatDuration(selfTestMs)}`,
  ];
  return [
    `${head}works: ${parts.filter((part) => part !== undefined).join(', ')}`,
    ...lines(versionWords(info), ...(info.notes ?? []), passedOver && `auto passes it over: ${passedOver}`),
  ];
}

/**
 * The engine that `auto` takes, of engines in order of preference: the first that works and does not want to be passed
 * over, one on a GPU before all others.
 */
export function automaticEngine(statuses: readonly EngineStatus[]): EngineStatus | undefined {
  const willing = statuses.filter(({ works, info }) => works && info?.passedOverByAuto === undefined);
  return willing.find(({ info }) => info?.onGpu) ?? willing[0];
}

/** The engines in words, line by line, with what `auto` takes and what to do for those that do not work. */
export function engineStatusText(statuses: readonly EngineStatus[]): string {
  const taken = automaticEngine(statuses);
  return [
    'Engines',
    ...statuses.flatMap((status) => describe(status, statuses)),
    taken?.info === undefined ? '  auto takes none' : `  auto takes ${taken.id}, on ${taken.info.device}`,
  ].join('\n');
}

/** 1.2e10 operations a second as "12 GFLOP/s". */
function formatFlops(flops: number): string {
  return `${(flops / 1e9).toFixed(flops >= 1e10 ? 0 : 1)} GFLOP/s`;
}

/** A speed test in words, line by line. */
export function speedReportText({ engine, measuredAt, measurements, presets }: SpeedReport): string {
  const width = Math.max(...[...measurements, ...presets].map(({ title }) => title.length)) + 2;
  const number = (ms: number) => (ms < 100 ? ms.toFixed(ms < 10 ? 2 : 1) : ms.toFixed(0)).padStart(8);
  return [
    `Speed of ${engine.id} on ${engine.device}, ${measuredAt.slice(0, 16).replace('T', ' ')} UTC`,
    ...measurements.map(
      ({ title, ms, flops }) =>
        `  ${title.padEnd(width)}${number(ms)} ms${flops === undefined ? '' : `  ${formatFlops(flops)}`}`,
    ),
    ...Object.entries(engine.passedOver ?? {}).map(([id, reason]) => `  not ${id}: ${reason}`),
    'Whole jobs would take about',
    ...presets.map(({ title, seconds }) => `  ${title.padEnd(width)}  ${formatDuration(1000 * seconds)}`),
  ].join('\n');
}
