import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { queryFields } from '../../../shared/query/fields.ts';
import type { SpecValue } from '../../../shared/domain/spec-field.ts';
import { parseQuery } from '../../../shared/query/parse-query.ts';
import { runSummary } from '../../renderer/run-summary.ts';
import { quote, splitQuery, unquote } from '../../../shared/query/split.ts';

const now = Date.parse('2026-11-24T12:00:00Z');

const run: RunSummary = runSummary({
  id: '20261124-100000-abcd',
  kind: 'detector',
  status: 'done',
  title: 'Mahalanobis on corner',
  folder: '/runs/1',
  task: 'backdoor',
  taskDetail: 'corner, mnist',
  dataset: 'mnist',
  detector: 'mahalanobis',
  detectorDetail: 'relative',
  model: 'mlp 128-128',
  metrics: { auroc: 0.9953, ap: null },
  durationMs: 112_000,
  createdAt: '2026-11-24T10:00:00Z',
  endedAt: '2026-11-24T10:02:00Z',
  seed: 3,
  engines: ['tensorflow', 'wasm'],
  testData: 'f',
  parents: [],
  error: null,
  tags: ['paper', 'seed 0'],
  notes: 'Look at the 7s again',
  pinned: true,
  archived: false,
  resumable: false,
  fault: null,
});

const matches = (query: string) => parseQuery(query).matches(run, now);
const problems = (query: string) => parseQuery(query).terms.map((term) => term.problem);

describe('parseQuery', () => {
  it.each([
    '',
    '   ',
    'corner',
    'CORNER mnist',
    '"corner, mnist"',
    'detector:mahalanobis auroc>0.9 tag:paper',
    'detector:maha',
    'detector=que,"mahalanobis relative"',
    'tag:"seed 0"',
    'tag=paper',
    'kind:detector status:done',
    'status:finished',
    'status:d',
    'is:pinned',
    '-is:archived',
    '-tag:x',
    '-que',
    'auroc:0.995',
    'auroc=0.995',
    'auroc!=0.99',
    'auroc>=99.5%',
    'duration>1min duration<2min',
    'duration>90',
    'age<3h age>1h',
    'age<1d',
    'seed:3',
    'seed!=2',
    'data:mnist,cifar10',
    'data!=gtsrb,cifar10',
    'notes:again',
    'engine:wasm',
    'Detector:mahalanobis',
  ])('%j holds', (query) => {
    expect(problems(query).every((problem) => problem === null)).toBe(true);
    expect(matches(query)).toBe(true);
  });

  it.each([
    'ted',
    'detector=mahalanobis',
    'detector:que',
    'tag=pape',
    'auroc>0.9953',
    'auroc<0.9',
    'ap>0',
    'ap<1',
    'accuracy>0',
    'kind:classifier',
    'status:running,failed',
    'is:archived',
    '-is:pinned',
    '-corner',
    'duration>2min',
    'age>1d',
    'seed:4',
    'data!=mnist,cifar10',
    'tag:paper auroc<0.5',
  ])('%j does not hold', (query) => {
    expect(problems(query).every((problem) => problem === null)).toBe(true);
    expect(matches(query)).toBe(false);
  });

  it('says what cannot be read, and finds nothing by it', () => {
    expect(problems('detecter:x')).toEqual([
      'There is no field “detecter”; detector is one. In quotes it is searched for as text.',
    ]);
    expect(problems('auroc>high')).toEqual(['“high” is not a number; write it as in auroc>0.9.']);
    expect(problems('duration>2parsecs')).toEqual(['“2parsecs” is not a time; write it as in duration>2min.']);
    expect(problems('status:x')).toEqual(['status: takes queued, running, done, failed, cancelled or interrupted.']);
    expect(problems('detector>a')).toEqual(['detector has no order: write detector: instead of detector>.']);
    expect(problems('auroc>')).toEqual(['auroc> needs a value: AUROC, 0 to 1.']);
    expect(problems('is:deleted')).toEqual(['is: takes pinned, archived or damaged.']);
    for (const misread of ['auroc>high', 'is:deleted', '-is:deleted', 'detecter:x', 'detector>a'])
      expect(matches(`${misread} tag:paper`), misread).toBe(false);
  });

  it.each([
    ['auroc>0,9', 'auroc> takes one value, got “0,9”; with a decimal point: auroc>0.9.'],
    ['auroc:0,9', 'auroc is a number of 0 to 1, got “9”; 9 % is auroc:9%.'],
    ['duration>1,2', 'duration> takes one value, got “1,2”; with a decimal point: duration>1.2.'],
    ['success<50', 'success is a number of 0 to 1, got “50”; 50 % is success<50%.'],
    ['auroc<-1', 'auroc is a number of 0 to 1, got “-1”.'],
    ['AUROC > 0.9', '“>” has no field: write field, comparison and value without spaces, as in auroc>0.9.'],
    ['auroc >0.9', '“>0.9” has no field: write field, comparison and value without spaces, as in auroc>0.9.'],
    ['mahalanobis OR que', '“OR” is not understood: all terms must hold; write tag:a,b for either and -tag:a for not.'],
    [
      'tag:paper && corner',
      '“&&” is not understood: all terms must hold; write tag:a,b for either and -tag:a for not.',
    ],
  ])('says that %j is not understood, and finds nothing by it', (query, says) => {
    const [problem, ...more] = problems(query).filter((one) => one !== null);
    expect(more).toEqual([]);
    expect(problem!.replaceAll('\u00a0', ' ').replace(' In quotes it is searched for as text.', '')).toBe(says);
    expect(matches(query)).toBe(false);
  });

  it('looks for such words where they are quoted', () => {
    expect(problems('"OR" ">0.9"')).toEqual([null, null]);
    expect(problems('success<50% seed:0,9')).toEqual([null, null]);
  });

  it('leaves out a last term whose value is still to come, and no other', () => {
    expect(matches('tag:paper auroc>')).toBe(true);
    expect(matches('tag:other auroc>')).toBe(false);
    expect(matches('auroc> tag:paper')).toBe(false);
    expect(matches('nonsense>')).toBe(false);
  });

  it('gives each term as it was written', () => {
    const [first, second] = parseQuery('-tag:"a b" x').terms;
    expect(first).toMatchObject({ source: '-tag:"a b"', negated: true, field: 'tag', operator: ':', value: 'a b' });
    expect(second).toMatchObject({ source: 'x', negated: false, field: '', operator: '', value: 'x' });
    expect(parseQuery('-').terms).toMatchObject([{ negated: false, value: '-' }]);
  });

  it('reads anything without throwing, and each term alike alone and among others', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'ab:"\\-<>=!,. 0é\n', 'auroc>', 'tag:', 'status:') });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nasty), (text) => {
        const { terms } = parseQuery(text);
        matches(text);
        const again = terms.map(({ source }) => parseQuery(source).terms.map((term) => [term.source, term.problem]));
        expect(again).toEqual(terms.map(({ source, problem }) => [[source, problem]]));
      }),
    );
  });

  it('turns a readable term round with a minus', () => {
    const term = fc
      .tuple(fc.constantFrom(...Object.keys(queryFields)), fc.constantFrom(':', '=', '!=', '<', '>'), fc.string())
      .map(([field, operator, value]) => `${field}${operator}${quote(value)}`)
      .filter((text) => parseQuery(text).terms[0]!.problem === null);
    fc.assert(
      fc.property(term, (text) => {
        expect(matches(`-${text}`)).toBe(!matches(text));
      }),
    );
  });
});

describe('quote', () => {
  it('makes one piece that is searched for as text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const pieces = splitQuery(quote(text));
        expect(pieces).toHaveLength(1);
        expect(unquote(pieces[0]!.text)).toBe(text);
        expect(parseQuery(quote(text)).terms).toMatchObject([
          { field: '', value: text, problem: null, negated: false },
        ]);
      }),
    );
  });
});

describe('splitQuery', () => {
  it('says where each piece stands', () => {
    expect(splitQuery(' a "b c"d  "e f')).toEqual([
      { text: 'a', start: 1, end: 2 },
      { text: '"b c"d', start: 3, end: 9 },
      { text: '"e f', start: 11, end: 15 },
    ]);
  });
});

describe('parameters and figures of any kind', () => {
  const values: Record<string, SpecValue> = {
    'task.p_backdoor': 0.01,
    'detector.relative': true,
    'classifier.model': 'cnn',
    'classifier.model.hidden_dims': '128, 64',
  };
  const fits = (query: string) => parseQuery(query, (_, path) => values[path]).matches(run, now);

  it.each([
    ['task.p_backdoor:0.01', true],
    ['task.p_backdoor:1%', true],
    ['task.p_backdoor:0.0102', false],
    ['task.p_backdoor>0.005', true],
    ['task.p_backdoor<0.005', false],
    ['detector.relative:yes', true],
    ['detector.relative=false', false],
    ['classifier.model:cn', true],
    ['classifier.model=cn', false],
    ['classifier.model!=mlp', true],
    ['classifier.model.hidden_dims:128', true],
    ['task.nothing:1', false],
    ['-task.nothing:1', true],
    ['metrics.auroc>0.5', true],
    ['metrics.nothing>0.5', false],
  ])('%s is %s', (query, expected) => {
    expect(fits(query)).toBe(expected);
  });

  it('say what is wrong with a bound, and are unknown where nobody knows values', () => {
    expect(parseQuery('task.size>many', () => 1).terms[0]?.problem).toContain('is not a number');
    expect(parseQuery('task.size>1').terms[0]?.problem).toContain('There is no field');
    expect(parseQuery('other.size>1', () => 1).terms[0]?.problem).toContain('There is no field');
    expect(parseQuery('task.size>', () => 1).terms[0]?.isUnfinished).toBe(true);
  });
});
