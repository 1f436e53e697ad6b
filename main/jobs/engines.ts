import type { EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { engineTitles } from '../tensor/engine.ts';
import type { ProcessLauncher } from './child-process.ts';
import { inComputeProcess } from './compute.ts';

/**
 * Whether each engine works here, the most desirable first. Each is tried in a process of its own, so that one that ends its
 * process is listed as broken and the others are not disturbed.
 */
export function examineEngines(launch?: ProcessLauncher): Promise<EngineStatus[]> {
  return Promise.all([...engineTitles].map(([id, title]) => examineEngine(id, title, launch)));
}

async function examineEngine(id: string, title: string, launch?: ProcessLauncher): Promise<EngineStatus> {
  try {
    return await inComputeProcess({ type: 'engine-status', engine: id }, launch ? { launch } : {});
  } catch (error) {
    const { message, hint } = toErrorRecord(error);
    return { id, title, works: false, failure: 'broken', reason: message, ...(hint === undefined ? {} : { hint }) };
  }
}

/**
 * How fast an engine (`auto` or an id) is here, measured in a process of its own.
 * @throws CupbearerError as `startEngine`; `cancelled`; `crashed`.
 */
export function testEngineSpeed(
  engine: string,
  options: {
    signal?: AbortSignal;
    onProgress?: (done: number, total: number, what: string) => void;
    launch?: ProcessLauncher;
  } = {},
): Promise<SpeedReport> {
  const { signal, onProgress, launch } = options;
  return inComputeProcess(
    { type: 'speed-test', engine },
    {
      ...(signal ? { signal } : {}),
      ...(launch ? { launch } : {}),
      onEvent: (event) => {
        if (event.type === 'progress') onProgress?.(event.done, event.total, event.note ?? '');
      },
    },
  );
}
