import { existsSync } from 'node:fs';
import { z } from 'zod';
import { faultyRuns } from '../../../api/runs/read-run.ts';
import { versions } from '../../../api/versions.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { datasetState, plainDatasets } from '../../../data/dataset-files.ts';
import { openCatalogue } from '../../../storage/open-catalogue.ts';
import { examineEngines, testEngineSpeed } from '../../../jobs/engines.ts';
import { engineStatusText, speedReportText } from '../../../../shared/engine-text.ts';
import { flag, parseParams } from '../../../../shared/schema/fields.ts';
import { toErrorRecord } from '../../../../shared/errors.ts';
import { counted, formatBytes } from '../../../../shared/format.ts';
import { computeFlags, type Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';

/** What the doctor finds out; every part says for itself what is wrong with it. */
async function examine() {
  return { versions: versions(), engines: await examineEngines(), data: dataFolder(), catalogue: catalogue() };
}

function dataFolder() {
  const path = defaultDataDir();
  return {
    path,
    exists: existsSync(path),
    datasets: plainDatasets().map(({ id: name }) => ({ name, state: datasetState(name, path) })),
  };
}

function catalogue() {
  try {
    const opened = openCatalogue();
    try {
      return { works: true as const, ...opened.health(), faulty: faultyRuns(opened), notices: opened.notices };
    } finally {
      opened.close();
    }
  } catch (error) {
    const { message, hint } = toErrorRecord(error);
    return { works: false as const, reason: message, hint };
  }
}

/** Ids that are printed of runs that cannot be read in full. */
const mostShown = 5;

const flags = z.object({
  speed: flag({
    label: 'Speed test',
    help: 'Measure how fast the engine is, and what the demo would take on it; ten seconds or more',
    default: false,
  }),
  engine: computeFlags.engine,
});

async function testSpeed(engine: string, output: Output) {
  const bars = new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars.print('Cancelling; Ctrl-C again to stop at once.'));
  try {
    return await testEngineSpeed(engine, {
      signal: interrupt.signal,
      onProgress: (done, total, what) => {
        if (!output.json) bars.update('Speed test', done, total, what);
      },
    });
  } finally {
    interrupt.release();
    bars.finish();
  }
}

/** "2 runs cannot be read in full (a, b); …" */
function faultyText(ids: readonly string[]): string {
  const count = counted(ids.length, 'run');
  const shown = ids.slice(0, mostShown).join(', ') + (ids.length > mostShown ? ', …' : '');
  return `${count} cannot be read in full (${shown}); "npx cupbearer runs show ID" says why`;
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Versions, compute engines (working or why not), data folder, catalogue health; --speed times an engine',
  synopsis: '',
  flags,
  maxWords: 0,
  async run(_, given, output) {
    const { speed: wanted, engine } = parseParams(flags, given, flagName);
    const examined = await examine();
    const report = wanted ? { ...examined, speed: await testSpeed(engine, output) } : examined;
    output.result(report, () => {
      const { engines, data, catalogue: found } = report;
      return [
        'Versions',
        ...Object.entries(report.versions).map(([name, version]) => `  ${name.padEnd(12)}${version}`),
        '',
        engineStatusText(engines),
        '',
        ...('speed' in report ? [speedReportText(report.speed), ''] : []),
        'Data folder',
        `  ${data.path}${data.exists ? '' : ' (not there yet; "npx cupbearer data download NAME" makes it)'}`,
        ...data.datasets.map(({ name, state }) => `  ${name.padEnd(16)}${state}`),
        '',
        'Catalogue',
        ...(found.works
          ? [
              `  ${found.path}`,
              `  ${counted(found.runs, 'run')}, ${formatBytes(found.bytes)}, schema ${found.schemaVersion}, check: ${found.quickCheck}`,
              ...(found.faulty.length === 0 ? [] : [`  ${faultyText(found.faulty)}`]),
              ...found.notices.map((notice) => `  ${notice}`),
            ]
          : [`  does not work: ${found.reason}`, ...(found.hint ? [`  ${found.hint}`] : [])]),
      ].join('\n');
    });
  },
};
