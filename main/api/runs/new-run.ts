import type { RunRecord, SpecFile } from '../../../shared/domain/run.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { processIdentity } from '../../storage/process-identity.ts';
import { newRunId } from '../../storage/run-id.ts';
import { versions } from '../versions.ts';
import { given } from '../../../shared/given.ts';

/** What spec.json says before the run has begun. */
export function newSpecFile(
  { kind, params }: ParsedSpec,
  {
    parents,
    created,
    dataDir,
    command,
  }: { parents: string[]; created: Date; dataDir: string; command?: string | undefined },
): SpecFile {
  return {
    format: 1,
    kind,
    spec: params,
    seed: params.seed,
    engine: null,
    versions: versions(),
    fingerprints: {},
    parents,
    created_at: created.toISOString(),
    data_dir: dataDir,
    ...given({ command }),
  };
}

/** The row of a run that has not begun. */
export function newRecord(folder: string, file: SpecFile, title: string): RunRecord {
  const { kind, spec, parents, versions, created_at } = file;
  const identity = processIdentity();
  return {
    id: newRunId(new Date(created_at)),
    kind,
    status: 'queued',
    title,
    folder,
    spec,
    parents,
    metrics: {},
    timings: {},
    engine: null,
    versions,
    error: null,
    created_at,
    started_at: null,
    ended_at: null,
    host_pid: identity.pid,
    host_started: identity.started,
    tags: [],
    notes: '',
    pinned: false,
    archived: false,
  };
}
