import type { RunRecord } from '../../../shared/domain/run.ts';
import { readRun } from '../../api/runs/read-run.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';

/** A run as it is printed, with the reason if its row or its spec cannot be read in full. */
export type PrintedRun = RunRecord & { fault: string | null };

/** A run of the catalogue as it is printed. */
export function printedRun(run: CatalogueRun): PrintedRun {
  const { damage: _, ...record } = run;
  return { ...record, fault: readRun(run).fault };
}

/** Returns the lines below a list: which of its runs cannot be read in full, and why. */
export function faultLines(runs: readonly PrintedRun[]): string[] {
  const faulty = runs.filter(({ fault }) => fault !== null);
  return faulty.length === 0 ? [] : ['', 'Not read in full:', ...faulty.map(({ id, fault }) => `${id}  ${fault}`)];
}
