import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { makeReport } from '../make-report.ts';

/** The calls about reports. */
export function reportsCalls({ workbench, summaries }: Application) {
  return { make: calls.reports.make.handler(({ input }) => makeReport(workbench, summaries, input)) };
}
