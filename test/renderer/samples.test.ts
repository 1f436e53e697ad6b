import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../shared/domain/live.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { OtherScores } from '../../renderer/screens/run/other-scores.ts';
import { sampleColumns } from '../../renderer/screens/run/sample-columns.ts';
import { filterSamples, sortSamples } from '../../renderer/screens/run/sample-table.ts';
import { RunScores } from '../../renderer/runs/run-scores.ts';

const scores = new RunScores(['all'], ['cat', 'dog'], {
  'layer/all': Float32Array.of(0.1, 0.9, 0.4, 0.8, 0.4),
  labels: Uint8Array.of(0, 0, 1, 1, 1),
  sample_index: Int32Array.of(7, 8, 7, 3, 7),
  true_class: Int32Array.of(0, 1, 0, 1, 1),
  predicted_class: Int32Array.of(0, 0, 1, 1, 1),
});
const withoutClasses = (labels: number[], index: number[], values: number[]) =>
  new RunScores(['all'], null, {
    'layer/all': Float32Array.from(values),
    labels: Uint8Array.from(labels),
    sample_index: Int32Array.from(index),
  });

const context = { scores, layerScores: scores.of('all'), threshold: 0.5, anomalousWord: 'Triggered' };
const found = (kind: 'all' | 'clean' | 'anomalous' | 'mistakes', text = '') => [
  ...filterSamples({ kind, text }, context),
];

describe('the table of samples', () => {
  it('leaves those of a kind, or those on the wrong side of the threshold', () => {
    expect(found('clean')).toEqual([0, 1]);
    expect(found('anomalous')).toEqual([2, 3, 4]);
    expect(found('mistakes')).toEqual([1, 2, 4]);
  });

  it('finds a number, a class or a kind, and several words at once', () => {
    expect(found('all', '7')).toEqual([0, 2, 4]);
    expect(found('all', 'dog')).toEqual([1, 2, 3, 4]);
    expect(found('all', 'trig 7 Dog')).toEqual([2, 4]);
    expect(found('all', 'bird')).toEqual([]);
  });

  it('has those whose text was found to have the words, too, of the kind that is wanted', () => {
    const inText = new Set([0, 4]);
    expect([...filterSamples({ kind: 'all', text: '8' }, { ...context, inText })]).toEqual([0, 1, 4]);
    expect([...filterSamples({ kind: 'clean', text: '8' }, { ...context, inText })]).toEqual([0, 1]);
  });

  it('is put in order by a value, equal ones as they were, those without one last', () => {
    const values = [3, NaN, 1, 3, 2];
    const order = (direction: 'ascending' | 'descending') => [
      ...sortSamples(Int32Array.of(0, 1, 2, 3, 4), (i) => values[i]!, direction),
    ];
    expect(order('ascending')).toEqual([2, 4, 0, 3, 1]);
    expect(order('descending')).toEqual([0, 3, 4, 2, 1]);
  });
});

describe('the columns of the table', () => {
  const run = (id: string, detector: string, detectorDetail: string) =>
    ({ id, detector, detectorDetail }) as unknown as RunSummary;
  const known = new Map<string, OtherScores | CupbearerError>([
    ['a', { scores: Float32Array.of(5, NaN, 3, 2, 1), ranks: Int32Array.of(1, 0, 2, 3, 4) }],
    ['c', new CupbearerError('not-found', 'gone')],
  ]);
  const columns = (measure: 'rank' | 'score') =>
    sampleColumns({
      scores,
      layer: 'all',
      layers: [{ id: 'all', name: 'All' }],
      others: [run('a', 'knn', 'k 5'), run('b', 'vae', ''), run('c', 'knn', '')],
      otherScores: (id) => known.get(id),
      measure,
      anomalousWord: 'Triggered',
    });
  const texts = (measure: 'rank' | 'score', column: string) => {
    const { text } = columns(measure).find(({ id }) => id === column)!;
    return [0, 1].map(text);
  };

  it('have one for every other run from the start, empty until its scores come, and say which are not to be had', () => {
    expect(
      columns('rank')
        .map(({ label }) => label)
        .slice(-3),
    ).toEqual(['knn k 5', 'vae', 'knn']);
    expect(texts('rank', 'run a')).toEqual(['1', '–']);
    expect(texts('score', 'run a')).toEqual(['5.00', '–']);
    expect(texts('score', 'run b')).toEqual(['', '']);
    expect(texts('score', 'run c')).toEqual(['–', '–']);
  });

  it('explain themselves', () => {
    for (const { help } of columns('score')) expect(help.length).toBeGreaterThan(20);
  });
});

describe('scores of another run', () => {
  it('are joined by label and index, in order where a sample is there twice', () => {
    const aligned = scores.align(withoutClasses([1, 1, 0, 1], [7, 3, 7, 7], [1, 2, 3, 4]), 'all');
    expect([...aligned]).toEqual([3, NaN, 1, 2, 4]);
  });

  it('are taken as they are where the samples lie alike', () => {
    const same = withoutClasses([...scores.labels], [...scores.sampleIndex], [5, 4, 3, 2, 1]);
    expect(scores.align(same, 'all')).toBe(same.of('all'));
  });
});

describe('scores that came', () => {
  it('without labels are refused; a layer that has none is named', () => {
    expect(() => new RunScores([], null, {})).toThrow('came without labels');
    expect(() => scores.of('linear_9')).toThrow('There are no scores at linear_9.');
  });

  it('name classes by the dataset, else by number', () => {
    expect(scores.className('trueClass', 1)).toBe('dog');
    expect(withoutClasses([0, 1], [0, 1], [0, 1]).className('trueClass', 0)).toBeNull();
  });
});
