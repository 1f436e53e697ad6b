/**
 * Measures every detector on every built-in task with three seeds and writes docs/results.md: `npm run results`, or
 * `npm run results -- 1` for one process at a time. What was measured before is not measured again.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { formatDuration } from '../../shared/format.ts';
import { resultsPage } from './page.ts';
import { columns, seeds, type Column } from './settings.ts';
import { measured } from './store.ts';

const worker = fileURLToPath(new URL('measure.ts', import.meta.url));
const started = performance.now();

function isMeasured(column: Column, seed: number): boolean {
  const { classifier, detectors } = measured(column, seed);
  return classifier !== undefined && detectorRegistry.ids.every((id) => detectors.has(id));
}

/** Runs one column with one seed in a process of its own, so that memory is given back in between. */
function measure(column: string, seed: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [worker, column, String(seed)], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => {
      const end = code === 0 ? '' : ` ended with code ${code}`;
      console.log(`${formatDuration(performance.now() - started)}: ${column}, seed ${seed}${end}`);
      resolve();
    });
  });
}

const writePage = () => writeFileSync(new URL('../../docs/results.md', import.meta.url), resultsPage());

// Seed by seed, so that one that is cut off has something to say of every column.
const queue = seeds.flatMap((seed) =>
  columns.filter((column) => !isMeasured(column, seed)).map(({ id }) => ({ id, seed })),
);
const workers = Number(process.argv[2] ?? availableParallelism());
await Promise.all(
  Array.from({ length: workers }, async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      await measure(job.id, job.seed);
      writePage();
    }
  }),
);
writePage();
