import type { EngineFailure, EngineStatus } from '../../shared/domain/engine.ts';
import { CupbearerError, deviceLost, smallerBatchHelps } from '../../shared/errors.ts';
import type { EngineDefinition } from './engines/engine-definition.ts';
import { WrongNumbers } from './self-test.ts';

/** What to do where the reason lies with the device and not with the engine; a smaller batch is no help this early. */
const deviceHints: Partial<Record<EngineFailure, string>> = {
  'out-of-memory':
    'Something else fills the memory of the device ("nvidia-smi" lists what runs on an NVIDIA GPU). End that and try again, or use another engine, such as wasm.',
  'device-lost':
    'The driver may have been reset or updated, or the GPU removed. Try again; where it stays so, restart the computer, or use another engine, such as wasm.',
};

const isMarked = (error: unknown, mark: object) =>
  error instanceof CupbearerError && Object.keys(mark).some((key) => error.details?.[key] === true);

/** The status of an engine that threw `error`; `otherwise` is how it failed where the error does not tell. */
export function failedStatus(
  { id, title, hint }: EngineDefinition,
  error: unknown,
  otherwise: EngineFailure,
): EngineStatus {
  const failure =
    error instanceof WrongNumbers
      ? 'broken'
      : isMarked(error, smallerBatchHelps)
        ? 'out-of-memory'
        : isMarked(error, deviceLost)
          ? 'device-lost'
          : otherwise;
  return {
    id,
    title,
    works: false,
    failure,
    reason: error instanceof Error ? error.message : String(error),
    hint:
      failure === 'crashed'
        ? `${hint} Then have the engines tested again (Settings, "Test again"); until then let the program choose the engine.`
        : (deviceHints[failure] ?? (error instanceof CupbearerError ? (error.hint ?? hint) : hint)),
  };
}

/** Whether it may pass: another attempt in the same process is worth it. */
export function mayPass({ failure }: EngineStatus): boolean {
  return failure === 'out-of-memory' || failure === 'device-lost';
}
