/** What mutations draw from. */
export interface Material {
  seeds: readonly Uint8Array[];
  dictionary: readonly string[];
  isJson: boolean;
  longest: number;
  mend: (bytes: Uint8Array) => Uint8Array;
}
