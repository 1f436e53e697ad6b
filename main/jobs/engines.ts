import type { EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { engineIds, engineTitles } from '../tensor/engine.ts';
import type { ProcessLauncher } from './child-process.ts';
import { inComputeProcess, type ComputeOptions } from './compute.ts';
import { EngineCrash, forgetDeadly } from './deadly-engines.ts';
import { given } from '../../shared/given.ts';

/**
 * Resolves with whether each engine works here, the most desirable first. Each is tried in its own process, so that one
 * that ends its process is listed as broken without affecting the others.
 */
export function examineEngines(launch?: ProcessLauncher): Promise<EngineStatus[]> {
  return Promise.all(engineIds.map((id) => examineEngine(id, launch ? { launch } : {})));
}

/**
 * Resolves with whether one engine works here, tried in its own process, and with the warnings it prints there.
 * @throws CupbearerError `cancelled`.
 */
export async function examineEngine(
  id: string,
  options: Pick<ComputeOptions, 'signal' | 'env' | 'launch'> = {},
): Promise<EngineStatus> {
  const complaints: string[] = [];
  try {
    const onErrorLine = (line: string) => complaints.push(...complaint(line));
    const status = await inComputeProcess({ type: 'engine-status', engine: id }, { ...options, onErrorLine });
    forgetDeadly(id);
    const { info } = status;
    if (info?.notes === undefined || complaints.length === 0) return status;
    return { ...status, info: { ...info, notes: [...info.notes, ...complaints] } };
  } catch (error) {
    const { code, message, hint } = toErrorRecord(error);
    if (code === 'cancelled') throw error;
    const failure = error instanceof EngineCrash ? 'crashed' : 'unavailable';
    const title = engineTitles.get(id) ?? id;
    return { id, title, works: false, failure, reason: message, ...given({ hint }) };
  }
}

/**
 * Returns the message in a line that TensorFlow prints, which begins with a letter for its severity and the place in
 * its source.
 */
function complaint(line: string): string[] {
  const [, what] = /^[WEF]\d{4} [^\]]*\] (.+)$/.exec(line) ?? [];
  return what === undefined ? [] : [`It says: ${what}`];
}

/**
 * Resolves with how fast an engine (`auto` or an id) is here, measured in its own process.
 * @throws CupbearerError as `startEngine`; `cancelled`; `crashed`.
 */
export function testEngineSpeed(
  engine: string,
  options: {
    signal?: AbortSignal | undefined;
    onProgress?: (done: number, total: number, what: string) => void;
    launch?: ProcessLauncher | undefined;
  } = {},
): Promise<SpeedReport> {
  const { signal, onProgress, launch } = options;
  return inComputeProcess(
    { type: 'speed-test', engine },
    {
      signal,
      launch,
      onEvent: (event) => {
        if (event.type === 'progress') onProgress?.(event.done, event.total, event.note ?? '');
      },
    },
  );
}
