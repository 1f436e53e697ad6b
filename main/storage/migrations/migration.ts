/** One step of the catalogue's schema. A step that was ever released is never changed; a new one is added. */
export interface Migration {
  /** The schema version that this step leads to; 1 starts from an empty file. */
  version: number;
  sql: string;
}
