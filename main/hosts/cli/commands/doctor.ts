import { existsSync } from 'node:fs';
import { z } from 'zod';
import { versions } from '../../../api/versions.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { listDatasets } from '../../../data/dataset-info.ts';
import { openCatalogue } from '../../../storage/open-catalogue.ts';
import { engineStatuses } from '../../../tensor/engine.ts';
import { toErrorRecord } from '../../../../shared/errors.ts';
import { formatBytes, formatCount, formatDuration } from '../../../../shared/format.ts';
import type { Command } from '../command.ts';

/** What the doctor finds out; every part says for itself what is wrong with it. */
async function examine() {
  return { versions: versions(), engines: await engineStatuses(), data: dataFolder(), catalogue: catalogue() };
}

function dataFolder() {
  const path = defaultDataDir();
  return { path, exists: existsSync(path), datasets: listDatasets(path).map(({ name, state }) => ({ name, state })) };
}

function catalogue() {
  try {
    const opened = openCatalogue();
    try {
      return { works: true as const, ...opened.health(), notices: opened.notices };
    } finally {
      opened.close();
    }
  } catch (error) {
    const { message, hint } = toErrorRecord(error);
    return { works: false as const, reason: message, hint };
  }
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Versions, compute engines (working or why not), data folder, catalogue health',
  synopsis: '',
  flags: z.object({}),
  maxWords: 0,
  async run(_, __, output) {
    const report = await examine();
    output.result(report, () => {
      const { engines, data, catalogue: found } = report;
      return [
        'Versions',
        ...Object.entries(report.versions).map(([name, version]) => `  ${name.padEnd(12)}${version}`),
        '',
        'Engines',
        ...engines.flatMap(({ id, works, info, reason, hint, selfTestMs }) =>
          works && info
            ? [
                `  ${id.padEnd(12)}works: ${info.device}, ${info.threads === 1 ? '1 thread' : `${info.threads} threads`}, self-test ${formatDuration(selfTestMs!)}`,
                ...Object.entries(info.versions).map(([name, version]) => `  ${''.padEnd(12)}${name} ${version}`),
              ]
            : [`  ${id.padEnd(12)}does not work: ${reason}`, ...(hint ? [`  ${''.padEnd(12)}${hint}`] : [])],
        ),
        '',
        'Data folder',
        `  ${data.path}${data.exists ? '' : ' (not there yet; "npx cupbearer data download NAME" makes it)'}`,
        ...data.datasets.map(({ name, state }) => `  ${name.padEnd(16)}${state}`),
        '',
        'Catalogue',
        ...(found.works
          ? [
              `  ${found.path}`,
              `  ${formatCount(found.runs)} runs, ${formatBytes(found.bytes)}, schema ${found.schemaVersion}, check: ${found.quickCheck}`,
              ...found.notices.map((notice) => `  ${notice}`),
            ]
          : [`  does not work: ${found.reason}`, ...(found.hint ? [`  ${found.hint}`] : [])]),
      ].join('\n');
    });
  },
};
