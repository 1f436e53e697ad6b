import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { claimed } from './claimed.ts';
import { describeReference, entries } from './reference-set.ts';

describeReference('the reference set', () => {
  it('has no entry that no test checks, and none that two do', () => {
    expect(Object.values(claimed).flat().sort()).toEqual(Object.keys(entries).sort());
  });

  it.each(Object.entries(claimed))('%s names the entries it claims', (file, names) => {
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const name of names) expect(source).toContain(`'${name}'`);
  });
});
