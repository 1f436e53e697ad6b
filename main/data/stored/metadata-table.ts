/** A cell. Lists are tokens; what else is nested is given as JSON text. */
export type MetadataValue = string | number | boolean | null | readonly (string | number)[];

/** What is known of the samples besides their activations, a row each in the order of the samples. */
export interface MetadataTable {
  readonly path: string;
  readonly length: number;
  readonly columns: readonly string[];
  /** A whole column. @throws CupbearerError `usage` if there is none of that name, `bad-data` if it is too large for memory. */
  column(name: string): readonly MetadataValue[];
  /** The rows at `indices`, read from the file. @throws CupbearerError `bad-data` if it has changed, `storage`. */
  rows(indices: ArrayLike<number>): Readonly<Record<string, MetadataValue>>[];
  close(): void;
}
