import { join } from 'node:path';
import type { RunRecord } from '../../../shared/domain/run.ts';
import type { Catalogue } from '../../../main/storage/catalogue.ts';
import { createRunFolder, readRecord, readSpec, writeSpec } from '../../../main/storage/run-folder.ts';
import { runRecord, specFile } from '../../storage/run-records.ts';

const time = '2026-01-01T00:00:00.000Z';

/** Runs that are forgotten again after this many generations. */
const keptGenerations = 12;

/** Id of the run that a writer makes in a generation. */
export function runId(writer: number, generation: number): string {
  return `20260101-000000-${writer}x${generation}`;
}

/** The generation whose run is forgotten in this one. */
export function forgottenIn(generation: number): number {
  return generation - keptGenerations;
}

function folderOf(place: string, writer: number, generation: number): string {
  return join(place, 'runs', runId(writer, generation));
}

function recordOf(place: string, writer: number, generation: number): RunRecord {
  return runRecord({
    id: runId(writer, generation),
    status: 'queued',
    title: `generation ${generation}`,
    folder: folderOf(place, writer, generation),
    spec: { generation },
    metrics: {},
    // Nobody who is alive: what is not done is cut off at the next start.
    host_pid: null,
    host_started: null,
  });
}

/** What of a run was finished: "inserted" (it is in the catalogue), "done" (its last state is), "forgotten". */
export type RunStep = 'inserted' | 'done' | 'forgotten';

/** Makes the run of a generation, brings it to its end, marks an earlier one and forgets an old one; `finished` hears of each step. */
export function writeRun(
  catalogue: Catalogue,
  place: string,
  writer: number,
  generation: number,
  finished: (step: RunStep, generation: number) => void,
): void {
  const record = recordOf(place, writer, generation);
  writeSpec(createRunFolder(record.folder), { ...specFile(), spec: { generation } });
  catalogue.insert(record);
  finished('inserted', generation);
  catalogue.update(record.id, { status: 'running', started_at: time });
  const tags = Array.from({ length: 1 + (generation % 4) }, (_, i) => `tag ${i} of ${generation}`);
  catalogue.update(record.id, { status: 'done', ended_at: time, metrics: { generation }, tags });
  finished('done', generation);
  const earlier = runId(writer, generation - 1);
  if (catalogue.list().some(({ id }) => id === earlier)) catalogue.update(earlier, { notes: 'marked', pinned: true });
  const old = forgottenIn(generation);
  if (!catalogue.list().some(({ id }) => id === runId(writer, old))) return;
  catalogue.forget(runId(writer, old));
  finished('forgotten', old);
}

/** Says what is wrong with a run that a writer made, which was killed since; `steps` are those that were finished. */
export function wrongsOf(run: RunRecord, steps: ReadonlySet<RunStep>): string[] {
  const generation = Number(run.title.split(' ')[1]);
  const isDone = run.status === 'done';
  const wrongs: string[] = [];
  if (!isDone && run.status !== 'interrupted') wrongs.push(`is "${run.status}" after the next start`);
  if (!isDone && steps.has('done')) wrongs.push(`was done and is "${run.status}"`);
  if (isDone && (run.metrics['generation'] !== generation || run.tags.length !== 1 + (generation % 4)))
    wrongs.push('is done and lacks its results or tags');
  if (run.pinned !== (run.notes === 'marked')) wrongs.push('is marked in part');
  if (readSpec(run.folder).spec['generation'] !== generation) wrongs.push('has the spec.json of another run');
  const stored = readRecord(run.folder);
  if (stored.status !== run.status || stored.notes !== run.notes || stored.tags.length !== run.tags.length)
    wrongs.push(
      `is "${run.status}" ("${run.notes}") in the catalogue and "${stored.status}" ("${stored.notes}") in run.json`,
    );
  return wrongs.map((wrong) => `The run ${run.id} ${wrong}.`);
}
