import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../main/storage/atomic-write.ts';
import { removeLeftovers, removeLeftoversOfRun } from '../../main/storage/leftovers.ts';
import { processTag, stateOfTagged } from '../../main/storage/process-identity.ts';
import { isTemporaryName, parseTemporaryName, temporaryPath } from '../../main/storage/temporary-names.ts';
import { endedTag, firstOutputOf, startChild } from './child.ts';
import { temporaryFolder } from './fixtures.ts';

function age(path: string, days: number): void {
  const then = Date.now() / 1000 - days * 24 * 3600;
  utimesSync(path, then, then);
}

describe('temporary names', () => {
  it('say what they stand for and which process made them', () => {
    const file = basename(temporaryPath(join('a', 'eval.json')));
    expect(parseTemporaryName(file)).toEqual({ name: 'eval.json', ending: 'tmp', owner: processTag() });
    const folder = basename(temporaryPath(join('a', 'scores'), 'old'));
    expect(parseTemporaryName(folder)).toEqual({ name: 'scores', ending: 'old', owner: processTag() });
    expect(temporaryPath('a')).not.toBe(temporaryPath('a'));
  });

  it('are known whatever the name, and are never too long for a name that is not', () => {
    const names = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 80 })
      .filter((name) => !/[/\\\0]/.test(name) && name !== '.' && name !== '..' && name.isWellFormed());
    fc.assert(
      fc.property(names, (name) => {
        const temporary = basename(temporaryPath(join('a', name)));
        expect(isTemporaryName(temporary)).toBe(true);
        expect(Buffer.byteLength(temporary)).toBeLessThan(256);
      }),
    );
    const folder = temporaryFolder();
    const longest = 'n'.repeat(255);
    writeFileAtomically(join(folder, longest), 'x');
    expect(readdirSync(folder)).toEqual([longest]);
  });

  it.each(['.a.tmp', 'a.txt', '.a.123.tmp', '.DS_Store', 'a.1-abcdef-abcdef.123456.tmp', '.old', '.x.old'])(
    'do not include %s',
    (name) => expect(isTemporaryName(name)).toBe(false),
  );
});

describe('the tag of a process', () => {
  it('tells whether it is running', async () => {
    expect(stateOfTagged(processTag())).toBe('running');
    expect(stateOfTagged(await endedTag())).toBe('ended');
    const [pid, place, start] = processTag().split('-') as [string, string, string];
    // Another process got the number.
    const later = start === '000000' ? '111111' : '000000';
    expect(stateOfTagged(`${pid}-${place}-${later}`)).toBe(process.platform === 'linux' ? 'ended' : 'running');
    expect(stateOfTagged(`${pid}-${place === '000000' ? '111111' : '000000'}-${start}`)).toBe('unknown');
  });
});

describe('what killed processes have left', () => {
  it('is removed; what running ones work at stays', async () => {
    const folder = temporaryFolder();
    const script = `
      import { mkdirSync, openSync, writeSync } from 'node:fs';
      import { join } from 'node:path';
      import { temporaryPath } from 'STORAGE/temporary-names.ts';
      const [folder, name] = process.argv.slice(1);
      writeSync(openSync(temporaryPath(join(folder, name)), 'wx'), 'half');
      mkdirSync(join(temporaryPath(join(folder, name)), 'inside'), { recursive: true });
      console.log('written');
      setInterval(() => {}, 1000);`;
    const [killed, running] = ['killed', 'running'].map((name) => startChild(script, [folder, name])) as [
      ReturnType<typeof startChild>,
      ReturnType<typeof startChild>,
    ];
    await Promise.all([firstOutputOf(killed), firstOutputOf(running)]);
    try {
      killed.kill('SIGKILL');
      await once(killed, 'close');
      writeFileSync(join(folder, 'kept'), '');
      expect(readdirSync(folder)).toHaveLength(5);
      await removeLeftovers([join(folder, 'missing'), folder]);
      const left = readdirSync(folder).map((name) => parseTemporaryName(name)?.name ?? name);
      expect(left.sort()).toEqual(['kept', 'running', 'running']);
    } finally {
      running.kill('SIGKILL');
      await once(running, 'close');
    }
  });

  it('is put back where it was about to be replaced', async () => {
    const folder = temporaryFolder();
    const tag = await endedTag();
    mkdirSync(join(folder, `.scores.${tag}.aaaaaa.old`));
    writeFileSync(join(folder, `.scores.${tag}.aaaaaa.old`, 'all.npy'), 'earlier');
    mkdirSync(join(folder, `.scores.${tag}.bbbbbb.tmp`));
    mkdirSync(join(folder, 'analysis'));
    mkdirSync(join(folder, `.analysis.${tag}.cccccc.old`));
    await removeLeftovers([folder]);
    expect(readdirSync(folder).sort()).toEqual(['analysis', 'scores']);
    expect(readFileSync(join(folder, 'scores', 'all.npy'), 'utf8')).toBe('earlier');
  });

  it('is left alone for a week where nobody can be asked', async () => {
    const folder = temporaryFolder();
    const elsewhere = processTag().replace(/-\w+-/, (place) => (place === '-000000-' ? '-111111-' : '-000000-'));
    const names = [
      `.a.${elsewhere}.aaaaaa.tmp`,
      '.run.json.0123456789ab.tmp',
      '.import-0123456789ab',
      '.4711-0123456789ab.tmp',
    ];
    for (const name of names) writeFileSync(join(folder, name), '');
    await removeLeftovers([folder]);
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
    for (const name of names) age(join(folder, name), 8);
    age(join(folder, names[0]!), 6);
    await removeLeftovers([folder]);
    expect(readdirSync(folder)).toEqual([names[0]]);
  });

  it('is removed from a run, its parts and the evaluations inside, and from nowhere else', async () => {
    const place = temporaryFolder();
    const run = join(place, 'run');
    const name = `.x.${await endedTag()}.aaaaaa.tmp`;
    const cleaned = ['.', 'figures', 'attacks', 'evals', 'evals/noise', 'evals/noise/figures'];
    for (const part of [...cleaned, 'mine', 'evals/noise/mine']) {
      mkdirSync(join(run, part), { recursive: true });
      writeFileSync(join(run, part, name), '');
    }
    mkdirSync(join(place, 'outside'));
    writeFileSync(join(place, 'outside', name), '');
    symlinkSync(join(place, 'outside'), join(run, 'evals', 'noise', 'attacks'));
    await removeLeftoversOfRun(run);
    for (const part of cleaned) expect([part, existsSync(join(run, part, name))]).toEqual([part, false]);
    for (const part of ['mine', 'evals/noise/mine', '../outside']) expect(existsSync(join(run, part, name))).toBe(true);
    await removeLeftoversOfRun(join(place, 'missing'));
  });
});
