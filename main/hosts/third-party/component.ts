/** A piece of somebody else's work that the program contains. */
export interface Component {
  readonly name: string;
  /** Undefined where it has none, or where it is not known which one is built in. */
  readonly version?: string | undefined;
  /** An SPDX expression. */
  readonly licence: string;
  /** What its licences want to be carried along. */
  readonly texts: readonly string[];
}
