/** What has been measured so far, kept between runs of `npm run results` so that one that was cut off goes on. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashJson } from '../../main/storage/content-hash.ts';
import type { Column } from './settings.ts';

/** A detector on one column with one seed. */
export interface Measurement {
  detector: string;
  auroc?: number;
  lower?: number;
  upper?: number;
  /** AUROC on the attacks that succeeded, and without samples of the target class. */
  successful?: number;
  otherClasses?: number;
  /** Processor time of fitting and scoring, seconds. */
  seconds?: number;
  /** Why there is no figure. */
  error?: string;
}

/** What is known of one column with one seed. */
export interface Measured {
  classifier?: Record<string, number | null>;
  detectors: Map<string, Measurement>;
}

type Line = Measurement | { classifier: Record<string, number | null> };

const folder = fileURLToPath(new URL('../../build/results/', import.meta.url));

/** Named by the settings, so that what was measured with others is not taken for these. */
function file(column: Column, seed: number): string {
  return `${folder}${column.id.replaceAll(/[^a-z]+/g, '-')}-${seed}-${hashJson({ ...column }).slice(0, 8)}.jsonl`;
}

/** What was measured before, a line that was cut off left out. */
export function measured(column: Column, seed: number): Measured {
  const path = file(column, seed);
  const result: Measured = { detectors: new Map() };
  if (!existsSync(path)) return result;
  for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const line = JSON.parse(text) as Line;
    if ('classifier' in line) result.classifier = line.classifier;
    else result.detectors.set(line.detector, line);
  }
  return result;
}

/** Adds a line to what was measured. */
export function remember(column: Column, seed: number, line: Line): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(file(column, seed), `${JSON.stringify(line)}\n`);
}
