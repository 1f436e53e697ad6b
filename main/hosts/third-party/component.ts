/** Third-party work that the program contains. */
export interface Component {
  readonly name: string;
  /** Undefined if the version that is built in is not known. */
  readonly version?: string | undefined;
  /** An SPDX expression. */
  readonly licence: string;
  /** The licences and notices to ship with it. */
  readonly texts: readonly string[];
}
