import { readStoredSpec, unreadableSpec, type StoredSpec } from '../experiments/stored-spec.ts';
import type { CatalogueRun } from '../storage/catalogue-rows.ts';

/** What views of a run are made from: its spec as far as it is valid, and why the run is not what it should be. */
export interface ReadRun {
  spec: StoredSpec;
  /** null where row and spec are valid. */
  fault: string | null;
}

/** Reads a run of the catalogue, whatever its row and its spec hold. */
export function readRun({ kind, spec, damage }: CatalogueRun): ReadRun {
  if (damage?.fields.some((field) => field === 'kind' || field === 'spec'))
    return { spec: unreadableSpec(kind, damage.message), fault: damage.message };
  const read = readStoredSpec(kind, spec);
  const specFault = read.fault === null ? null : `Its spec is not valid: ${read.fault}`;
  return { spec: read, fault: damage?.message ?? specFault };
}
