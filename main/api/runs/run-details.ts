import { existsSync } from 'node:fs';
import type { RunDetail } from '../../../shared/domain/result.ts';
import type { RunRecord, SpecFile } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { runDefinitionOf } from '../../runs/index.ts';
import { readStoredSpec } from '../../runs/stored-spec.ts';
import { readSpec } from '../../storage/run-folder.ts';
import type { Application } from '../application.ts';
import { classifierFolder } from './classifier-folder.ts';
import { inWindow } from '../window-errors.ts';
import { repeatCommand } from './repeat-command.ts';
import { describedNetwork } from '../../models/known-network.ts';
import { dataFolder } from '../settings.ts';
import { specLines } from '../../runs/spec-lines.ts';

/** Resolves with a run and everything that its page shows at first. @throws CupbearerError `not-found`, `cancelled`. */
export async function runDetail(
  { workbench, summaries, library, settings }: Application,
  id: string,
  signal: AbortSignal | undefined,
): Promise<RunDetail> {
  const found = workbench.catalogue.get(id);
  const { host_pid: _, host_started: _started, ...rest } = found;
  const record = { ...rest, error: found.error && inWindow(found.error) };
  const { spec, specFault } = specOf(found);
  return {
    record,
    summary: summaries.of([found])[0]!,
    spec,
    specFault,
    lines: specLines(runDefinitionOf(found.kind), spec?.spec ?? found.spec),
    ...repeatCommand(found),
    folderExists: existsSync(found.folder),
    files: await library.ask(
      'run-files',
      { folder: found.folder },
      { dataDir: dataFolder(settings.current()), signal },
    ),
    children: workbench.catalogue.childrenOf(found.id),
    network: describedNetwork(classifierFolder(workbench.catalogue, found)),
  };
}

/** Reads the spec in a run's folder, with what is invalid in it, or why it cannot be read. */
function specOf({ kind, folder }: RunRecord): Pick<RunDetail, 'spec' | 'specFault'> {
  let spec: SpecFile;
  try {
    spec = readSpec(folder);
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { spec: null, specFault: error.message };
  }
  return { spec, specFault: readStoredSpec(kind, spec.spec).fault };
}
