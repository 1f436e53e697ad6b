/**
 * The second part of `npm run bench:ui`: how long the host's event loop is held up while runs are compared and reported, and
 * while many runs get a tag.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedEvaluatedRuns } from '../../evaluated-runs.ts';
import { seedRuns } from '../../seeded-runs.ts';
import { startMeasuredHost } from './measured-host.ts';
import { reportFile } from '../../api/report-file.ts';

const place = mkdtempSync(join(tmpdir(), 'cupbearer-bench-results-'));
const home = join(place, 'home');
mkdirSync(home);
process.stderr.write('Writing 50 evaluated runs ...\n');
const evaluated = seedEvaluatedRuns(home, 50);
const ids = seedRuns(home, 10_000);

const host = await startMeasuredHost(place, home);
try {
  await host.measure('nothing', () => new Promise((resolve) => setTimeout(resolve, 1000)));
  await host.measure('compare 50 runs', (calls) => calls.runs.compare({ ids: evaluated }));
  await host.measure('compare 50 runs again', (calls) => calls.runs.compare({ ids: evaluated }));
  await host.measure('a report of 50 runs', (calls) => reportFile(calls, { runs: evaluated, format: 'html' }));
  await host.measure('the scores of 50 runs as CSV', (calls) =>
    reportFile(calls, { runs: evaluated, format: 'scores' }),
  );
  await host.measure('a tag for 10,000 runs', (calls) => calls.runs.change({ ids, addTags: ['bench'] }));
} finally {
  await host.stop();
  rmSync(place, { recursive: true, force: true });
}
