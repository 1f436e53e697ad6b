/** What a working engine is. */
export interface EngineInfo {
  id: string;
  title: string;
  /** The processor that does the work, as the system names it. */
  device: string;
  versions: Record<string, string>;
  threads: number;
}

/** A compute engine: a TensorFlow.js backend, with kernels of ours where it lacks some or has slow ones. */
export interface EngineDefinition {
  readonly id: string;
  readonly title: string;
  /** What a user can do where this engine does not load. */
  readonly hint: string;
  /** Loads the engine and makes it the TensorFlow.js backend; may be called again. Throws where it does not work. */
  load(): Promise<EngineInfo>;
}
