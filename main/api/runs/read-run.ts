import { readStoredSpec, unreadableSpec, type StoredSpec } from '../../runs/stored-spec.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';

/** A run as views show it: its spec as far as it is valid, and what is wrong with the run. */
interface ReadRun {
  spec: StoredSpec;
  /** null if row and spec are valid. */
  fault: string | null;
}

/** Reads a run of the catalogue; never throws, whatever its row and its spec hold. */
export function readRun({ kind, spec, damage }: CatalogueRun): ReadRun {
  const lost = damage?.fields.some((field) => field === 'kind' || field === 'spec') ? damage : undefined;
  const read = lost ? unreadableSpec(kind, lost.message) : readStoredSpec(kind, spec);
  return { spec: read, fault: damage?.message ?? read.fault };
}

/** Returns the ids of the runs whose row or spec cannot be read in full. */
export function faultyRuns(catalogue: Catalogue): string[] {
  const faulty: string[] = [];
  for (let from: number | null | undefined; from !== null;) {
    const { runs, next } = catalogue.slice(from);
    for (const run of runs) if (readRun(run).fault !== null) faulty.push(run.id);
    from = next;
  }
  return faulty;
}
