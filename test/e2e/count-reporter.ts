import type { FullConfig, Reporter, Suite } from '@playwright/test/reporter';
import { reportCounts } from '../counts.ts';

/** Closes the run with the line that the unit tests close with, too. */
export default class CountReporter implements Reporter {
  #suite: Suite | undefined;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onEnd(): void {
    const outcomes = this.#suite!.allTests().map((test) => test.outcome());
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    reportCounts({
      passed: count('expected') + count('flaky'),
      failed: count('unexpected'),
      skipped: count('skipped'),
    });
  }
}
