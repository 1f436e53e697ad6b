import { existsSync } from 'node:fs';
import type { RunDetail } from '../../shared/domain/result.ts';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { ExperimentDefinition } from '../experiments/experiment.ts';
import { experimentRegistry } from '../experiments/index.ts';
import { readSpec } from '../storage/run-folder.ts';
import type { Application } from './application.ts';
import { commandOrReason, type CommandOrReason } from './command-line.ts';
import { networkOf } from './run-results.ts';
import { dataFolder } from './settings.ts';
import { specLines } from './spec-lines.ts';

/** Returns a run with all that its page shows at once. @throws CupbearerError `not-found`, `bad-data` for a folder with too much in it. */
export async function runDetail(
  { workbench, summaries, library, settings }: Application,
  id: string,
  signal: AbortSignal | undefined,
): Promise<RunDetail> {
  const found = workbench.catalogue.get(id);
  const { host_pid: _, host_started: _started, ...record } = found;
  const spec = specOf(found.folder);
  return {
    record,
    summary: summaries.get(found.id),
    spec,
    lines: specLines(experimentOf(found), spec?.spec ?? found.spec),
    ...repeatCommand(found),
    folderExists: existsSync(found.folder),
    files: await library.ask(
      'run-files',
      { folder: found.folder },
      { dataDir: dataFolder(settings.current()), signal },
    ),
    children: workbench.catalogue.childrenOf(found.id),
    network: networkOf(workbench, found),
  };
}

/** Returns the command line that does a run again, into a new folder, or the reason where there is none. */
export function repeatCommand(record: RunRecord): CommandOrReason {
  return commandOrReason(experimentOf(record), record.spec);
}

function experimentOf({ kind }: RunRecord): ExperimentDefinition {
  return experimentRegistry.definitions.find((candidate) => candidate.kind === kind)!;
}

/** Returns what spec.json says; null where it is gone or cannot be read. */
export function specOf(folder: string): SpecFile | null {
  try {
    return readSpec(folder);
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}
