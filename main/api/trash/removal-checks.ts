import { sep } from 'node:path';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { counted } from '../../../shared/format.ts';
import { command, worded, type Wording } from '../../../shared/wording.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { isAtWork } from '../../storage/process-records.ts';

/** The part of an evaluation's path between the folder of its run and its own name. */
const evaluationPart = `${sep}evals${sep}`;

/** Returns a running run that uses a run: the run itself, one that builds on it, or one of its evaluations. */
type UserOf = (run: RunRecord) => RunRecord | undefined;

/** Returns which runs are used by those that are running or wait at the moment. */
export function usersNow(catalogue: Catalogue): UserOf {
  const atWork = new Map<string, boolean>();
  const unfinished = (['running', 'queued'] as const)
    .flatMap((status) => catalogue.list({ status }))
    .filter(({ host_pid: pid, host_started: started }) => {
      if (pid === null) return false;
      const key = `${pid} ${started}`;
      const isKnown = atWork.get(key) ?? isAtWork(pid, started);
      atWork.set(key, isKnown);
      return isKnown;
    });
  // By ids and folders of what is used; no id is a folder's path.
  const first = new Map<string, number>();
  for (const [rank, { id, parents, folder }] of unfinished.entries()) {
    for (const key of [id, ...parents, ...holdersOf(folder)]) if (!first.has(key)) first.set(key, rank);
  }
  return ({ id, folder }) => unfinished[Math.min(first.get(id) ?? Infinity, first.get(folder) ?? Infinity)];
}

/** Returns the folders of runs that have a folder among their evaluations. */
function holdersOf(folder: string): string[] {
  const holders: string[] = [];
  for (let at = folder.indexOf(evaluationPart); at !== -1; at = folder.indexOf(evaluationPart, at + 1))
    holders.push(folder.slice(0, at));
  return holders;
}

/** @throws CupbearerError `conflict` if one of the runs is used. */
export function checkIdle(records: readonly RunRecord[], userOf: UserOf): void {
  for (const record of records) {
    const busy = userOf(record);
    if (!busy) continue;
    throw new CupbearerError(
      'conflict',
      busy.id === record.id
        ? `The run ${record.id} is running.`
        : `The run ${busy.id} is running and needs the run ${record.id}.`,
      { hint: 'Cancel it first, or wait until it has finished.' },
    );
  }
}

/** @throws CupbearerError `conflict` if one of the runs is locked, or fills a cell of an experiment that is. */
export function checkUnlocked(catalogue: Catalogue, records: readonly RunRecord[]): void {
  const locked = records.filter((record) => record.locked);
  if (locked.length > 0) {
    const [{ id }] = locked as [RunRecord];
    throw new CupbearerError(
      'conflict',
      locked.length === 1
        ? `The run ${id} is locked.`
        : `${counted(locked.length, 'run')} are locked, ${id} among them.`,
      { hint: unlockHint(command(`\`cupbearer runs unlock ${id}\``, '"Unlock" in the menu of a run')) },
    );
  }
  const users = catalogue.experiments.usersOf(
    records.map(({ id }) => id),
    { locked: true },
  );
  for (const [id, [name]] of users) {
    throw new CupbearerError('conflict', `The run ${id} belongs to the experiment "${name}", which is locked.`, {
      hint: unlockHint(command(`\`cupbearer experiment unlock "${name}"\``, '"Unlock" in the menu of the experiment')),
    });
  }
}

/** @throws CupbearerError `conflict` if the experiment is locked. */
export function checkExperimentUnlocked({ name, locked }: { name: string; locked: boolean }): void {
  if (!locked) return;
  throw new CupbearerError('conflict', `The experiment "${name}" is locked.`, {
    hint: unlockHint(command(`\`cupbearer experiment unlock "${name}"\``, '"Unlock" in its menu')),
  });
}

function unlockHint(how: ReturnType<typeof command>): Wording {
  return worded`Nothing was deleted. ${how} takes the lock off.`;
}
