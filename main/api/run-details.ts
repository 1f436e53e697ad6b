import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDetail } from '../../shared/domain/result.ts';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { ExperimentDefinition } from '../experiments/experiment.ts';
import { experimentRegistry } from '../experiments/index.ts';
import { readSpec } from '../storage/run-folder.ts';
import type { Application } from './application.ts';
import { commandOrReason, type CommandOrReason } from './command-line.ts';
import { networkOf } from './run-results.ts';
import { specLines } from './spec-lines.ts';

/** A run with all that its page shows at once. @throws CupbearerError `not-found`. */
export function runDetail({ workbench, summaries }: Application, id: string): RunDetail {
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
    files: filesIn(found.folder),
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

function specOf(folder: string): SpecFile | null {
  try {
    return readSpec(folder);
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}

/** Files of a run with their sizes, sub-folders as "scores/all.npy"; none where the folder is gone. */
function filesIn(folder: string): RunDetail['files'] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((path) => {
      // It may have gone between the two looks: a checkpoint is replaced after each epoch.
      const bytes = statSync(path, { throwIfNoEntry: false })?.size;
      const name = path.slice(folder.length + 1).replaceAll('\\', '/');
      return bytes === undefined ? [] : [{ name, bytes }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
