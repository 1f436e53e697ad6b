import type { EngineInfo } from '../../../shared/domain/engine.ts';

export type { EngineInfo } from '../../../shared/domain/engine.ts';

/** A compute engine: a TensorFlow.js backend, with kernels of ours where it lacks some or has slow ones. */
export interface EngineDefinition {
  readonly id: string;
  readonly title: string;
  /** Name of the TensorFlow.js backend that it is. */
  readonly backend: string;
  /** Whether the device may be a GPU; the info that `load` gives tells whether it is. */
  readonly mayUseGpu: boolean;
  /** That a user installs it beside the program, and may replace or remove it while the program is running. */
  readonly isInstalledBeside?: true;
  /** What a user can do where this engine does not load. */
  readonly hint: string;
  /**
   * Loads the engine and makes it the TensorFlow.js backend; may be called again; after `hasFailed` it opens a new device.
   * Throws where it does not work.
   */
  load(): Promise<EngineInfo>;
  /** Whether its device was lost, or refused an operation, so that what it computes from then on is worth nothing. */
  hasFailed?(): boolean;
}
