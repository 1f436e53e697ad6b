import { appendFileSync } from 'node:fs';

/** How tests ended. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Where the counts of several kinds of tests come together, one line of JSON each, if anywhere. */
export const countsVariable = 'CUPBEARER_TEST_COUNTS';

export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Closes a run with one plain line that counts what passed, so that a reader (or a script) need not search for it. */
export function reportCounts(counts: Counts): void {
  process.stdout.write(`\n${countLine(counts)}\n`);
  const file = process.env[countsVariable];
  if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`);
}
