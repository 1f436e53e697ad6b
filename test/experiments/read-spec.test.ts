import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseExperiment } from '../../main/experiments/read-spec.ts';
import { suites } from '../../main/experiments/suites/index.ts';
import { CupbearerError } from '../../shared/errors.ts';

const read = (text: string) => parseExperiment(text, 'The text');

describe('parseExperiment', () => {
  it('reads YAML with all that may be left out, and bare names', () => {
    expect(read('name: Mine\ntasks: [ood]\ndetectors: [mahalanobis, {name: knn, k: 5}]')).toMatchObject({
      format: 1,
      name: 'Mine',
      seeds: 1,
      engine: 'auto',
      classifiers: [{}],
      tasks: [{ name: 'ood' }],
      detectors: [{ name: 'mahalanobis' }, { name: 'knn', k: 5 }],
      sweep: {},
    });
  });

  it('reads JSON', () => {
    expect(read('{"name": "Mine", "tasks": ["ood"], "detectors": ["knn"], "seeds": [3, 1]}').seeds).toEqual([3, 1]);
  });

  it.each([...suites])('reads the suite %s as it is shown', (_, spec) => {
    expect(read(stringify(spec))).toEqual(spec);
  });

  it.each([
    ['name: [', 'expected YAML or JSON'],
    ['name: a\nname: b\ntasks: [ood]\ndetectors: [knn]', 'Map keys must be unique'],
    ['just text', 'is no experiment'],
    ['', 'is no experiment'],
    ['name: a\ntasks: []\ndetectors: [knn]', 'tasks needs at least 1 value'],
    ['name: a\ntasks: [ood]', 'detectors is missing'],
    ['name: a\ntasks: [ood]\ndetectors: [knn]\nseeds: 0', 'seeds'],
    ['name: a\ntasks: [ood]\ndetectors: [knn]\nsweep: {detector.k: []}', 'sweep.detector.k'],
    ['name: a\ntasks: [ood]\ndetectors: [knn]\nsweep: {detector.k: {from: 0, to: 1, scale: log}}', 'sweep.detector.k'],
    ['name: a\ntasks: [ood]\ndetectors: [knn]\ntaskss: 1', 'taskss'],
    ['format: 2\nname: a\ntasks: [ood]\ndetectors: [knn]', 'written for a newer version (format 2'],
  ])('refuses %j and says why', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('bounds what names of parts may blow up to', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, before] of [...'bcdefghi'].map((letter, i) => [letter, 'abcdefgh'[i]]))
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    expect(() => read(bomb.join('\n'))).toThrow(CupbearerError);
  });

  it('is never surprised by text from outside', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => stringify(value)),
        ),
        (text) => {
          try {
            read(text);
          } catch (error) {
            expect(error).toBeInstanceOf(CupbearerError);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(parse('a: 1')).toEqual({ a: 1 });
  });
});
