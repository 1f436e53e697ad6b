/**
 * `npm run test:soak`: `--kills N` signals to the program at work, `--storage-kills N` kills of processes that write, `--runs N`
 * runs in one web host; 100, 200 and 300 where none of them is given. `--seed S` repeats the choices of a run.
 */
import { parseArgs } from 'node:util';
import { canListProcesses } from '../compute-processes.ts';
import { killLoop } from './kill-loop/kill-loop.ts';
import { faultsOfSoak, soakLoop } from './soak-loop.ts';
import { storageKillLoop } from './storage-kill-loop/storage-kill-loop.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    'storage-kills': { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const isAll = values.kills === undefined && values['storage-kills'] === undefined && values.runs === undefined;
const count = (given: string | undefined, usual: number) => Number(given ?? (isAll ? usual : 0));
const seed = Number(values.seed);
const say = (line: string) => process.stdout.write(`${line}\n`);
const faults: string[] = [];

const kills = count(values.kills, 100);
if (kills > 0 && !canListProcesses) say('Signals are left out: Windows has none.');
else if (kills > 0) {
  const { faults: found, ...report } = await killLoop({ kills, seed, say });
  faults.push(...found);
  say(JSON.stringify(report, null, 2));
}
const storageKills = count(values['storage-kills'], 200);
if (storageKills > 0) {
  const { faults: found, ...report } = await storageKillLoop({ kills: storageKills, seed, say });
  faults.push(...found);
  say(JSON.stringify(report, null, 2));
}
const runs = count(values.runs, 300);
if (runs > 0 && !canListProcesses) say('The soak is left out: there is no ps on Windows.');
else if (runs > 0) faults.push(...faultsOfSoak(await soakLoop({ runs, say })));

say(faults.length === 0 ? 'Nothing was lost.' : `\n${faults.length} faults:\n${faults.join('\n')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
