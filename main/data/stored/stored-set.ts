import type { ActivationsContract } from './contract.ts';
import type { MetadataTable } from './metadata-table.ts';

/** The activations of a layer as files hold them. */
export interface StoredLayer {
  readonly name: string;
  /** Of one sample: `[d]` or `[positions, d]`; of ragged sequences `[longest, d]`. */
  readonly shape: readonly number[];
  readonly isRagged: boolean;
  /** The element type, by its name in safetensors whatever the format: "F16". */
  readonly type: string;
  /** In its files, before anything is unpacked. */
  readonly bytes: number;
  readonly files: readonly string[];
}

/** Activations of the same samples by layer, in files of others. Close it. */
export interface StoredSet {
  /** What was named. */
  readonly path: string;
  /** Samples. */
  readonly length: number;
  readonly layers: readonly StoredLayer[];
  /** Tokens of each sample, `[n]`, where sequences are ragged. */
  readonly lengths?: Int32Array | undefined;
  readonly contract?: ActivationsContract | undefined;
  readonly metadata?: MetadataTable | undefined;
  /** What each sample is called, where it is a file of its own. */
  readonly names?: readonly string[] | undefined;
  /** What lies with the activations and is not read, with the reason. */
  readonly leftOut: readonly { name: string; reason: string }[];
  /** Resolves with the SHA-256 over the content of all of its files. @throws CupbearerError `cancelled`, `storage`, `bad-data`. */
  fingerprint(signal?: AbortSignal): Promise<string>;
  /**
   * Resolves with the samples at `indices`, one after another; of ragged sequences all tokens. Ask for the next ones before you
   * work on these: a thread reads them meanwhile.
   * @throws CupbearerError `bad-data` if a file has changed since it was opened, `storage`.
   */
  read(layer: string, indices: ArrayLike<number>): Promise<Float32Array>;
  close(): void;
}
